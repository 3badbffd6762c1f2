// Writes docs/experiment.md and its chart from the kept figures. What is between the page's marks is generated; the words around it are the page's.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARMS } from './arms.mjs';
import { chart } from './chart.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { SLOS } from './summary.mjs';
import {
  armsTable,
  bestTable,
  curveTable,
  headlineOf,
  objectivesTable,
  offOnTable,
  summaries,
} from './tables.mjs';

/** From the checkout's root. */
export const FILES = { page: 'docs/experiment.md', chart: 'docs/images/experiment.svg' };
const read = (name) =>
  readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');

/** Arms whose lines are drawn, as far as there are runs of them. */
const DRAWN = ['default', 'levers', 'lavd', 'on', 'off', 'layered-hints'];

/** What the runs were made with. @param {import('./kept.mjs').Kept} kept */
function madeWith({ versions, times }) {
  const of = (name) => (versions[name] ?? []).join(', ');
  const schedulers = Object.keys(ARMS)
    .filter((arm) => versions[arm])
    .flatMap((arm) => versions[arm]);
  return [
    `${of('date')}; ${of('kernel')}; ${of('qemu')}; Node.js ${of('node')}; ${[...new Set(schedulers)].join(', ')}; commit ${of('commit')}.`,
    `${times.stepMs / 1000} s at each load.`,
  ].join(' ');
}

/** @param {import('./kept.mjs').Kept} kept @returns {Record<string, string>} by the name of the mark */
export function partsOf(kept) {
  const all = summaries(kept);
  return {
    'off-on': offOnTable(all),
    best: bestTable(all),
    objectives: objectivesTable(all),
    arms: all
      .filter(({ cpus }) => cpus === 2)
      .map(
        (one) =>
          `### ${capital(SCENARIOS[one.name].title)}\n\n${armsTable(one)}\n${curveTable(one)}`,
      )
      .join('\n'),
    'made-with': `${madeWith(kept)}\n`,
  };
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** @param {import('./kept.mjs').Kept} kept @param {string} [page] the page as it is */
export function pageOf(kept, page = read(FILES.page)) {
  let written = page;
  for (const [name, text] of Object.entries(partsOf(kept))) {
    const mark = new RegExp(`(<!-- figures: ${name} -->\\n).*?(<!-- /figures -->)`, 's');
    if (!mark.test(written)) throw new Error(`${FILES.page} has no <!-- figures: ${name} -->`);
    written = written.replace(mark, (_, begin, end) => `${begin}${text}${end}`);
  }
  return written;
}

/** @param {import('./kept.mjs').Kept} kept */
export function chartOf(kept) {
  const found = headlineOf(summaries(kept));
  const lines = DRAWN.filter((arm) => arm in found.arms).map((arm) => ({
    title: ARMS[arm].title.replace(/ \d+\.\d+\.\d+/, ''),
    thick: arm === 'on' || arm === 'off',
    points: found.arms[arm].curve,
  }));
  return chart({ title: capital(SCENARIOS[found.name].title), lines, sloMs: SLOS[0] });
}
