// Writes docs/experiment.md, its chart and the README's sentence from the kept figures. What is between the page's marks is generated; the words around it are the page's.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARMS } from './arms.mjs';
import { chart } from './chart.mjs';
import { SCENARIOS } from './scenarios.mjs';
import {
  armsTable,
  bestTable,
  curveTables,
  headlineOf,
  objectivesTable,
  offOnTable,
  summaries,
  titleOfArm,
  withInterval,
} from './tables.mjs';

/** From the checkout's root. */
export const FILES = {
  page: 'docs/experiment.md',
  readme: 'README.md',
  chart: 'docs/images/experiment.svg',
};
const read = (name) =>
  readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');

/** Arms whose lines are drawn, as far as there are runs of them, and their colours: the two of the headline are drawn thick. */
const DRAWN = {
  default: '#8b949e',
  levers: '#c69026',
  lavd: '#a371f7',
  off: '#d4574e',
  on: '#1a9e55',
  'layered-hints': '#4c8dff',
};

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
          `### ${capital(SCENARIOS[one.name].title)}\n\n${armsTable(one)}\n${curveTables(one)}`,
      )
      .join('\n'),
    'made-with': `${madeWith(kept)}\n`,
  };
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A ratio with its interval, in words. @param {import('./statistics.mjs').Estimate} estimate */
const inWords = (estimate) =>
  Number.isFinite(estimate.low)
    ? withInterval(estimate).replace(' (', ' times (95 % interval ').replace('-', ' to ')
    : `${withInterval(estimate)} times`;

const BOUNDS = { exact: '', atLeast: 'at least ', atMost: 'at most ', unknown: 'about ' };

/** What the README says: hints off and on first, then the best alternative. @param {ReturnType<typeof summaries>[number]} found */
function headline({ name, rate, arms, offOn, best, slos: [slo] }) {
  const times = (one) => `${BOUNDS[one.capacity[slo].bound]}${inWords(one.capacity[slo])}`;
  const ms = (arm) => Math.round(arms[arm].p99.value);
  const sentences = [
    `${capital(SCENARIOS[name].title)} on two busy CPUs, in a VM, each with background threads. At ${rate} requests a second p99 is ${ms('on')} ms with hints on and ${ms('off')} ms with hints off,`,
    `under the same sched_ext scheduler: ${inWords(offOn.p99)}. They take ${times(offOn)} as many requests until p99 exceeds ${slo} ms.`,
  ];
  if (best) {
    sentences.push(
      `Without hints the best is the ${titleOfArm(best.name, name)}. Compared with that, p99 is ${inWords(best.p99)}, and they take ${times(best)} as many requests.`,
    );
  }
  sentences.push(
    `Background work had ${inWords(offOn.background)} the CPU time. [Method, limits, and where hints do not help](docs/experiment.md).`,
  );
  return `${sentences.join('\n')}\n`;
}

/** Replaces what is between the marks of a page. @param {string} page @param {Record<string, string>} parts */
function withParts(page, parts) {
  let written = page;
  for (const [name, text] of Object.entries(parts)) {
    const mark = new RegExp(`(<!-- figures: ${name} -->\\n).*?(<!-- /figures -->)`, 's');
    if (!mark.test(written)) throw new Error(`the page has no <!-- figures: ${name} -->`);
    written = written.replace(mark, (_, begin, end) => `${begin}${text}${end}`);
  }
  return written;
}

/** @param {import('./kept.mjs').Kept} kept @param {string} [page] the page as it is */
export const pageOf = (kept, page = read(FILES.page)) => withParts(page, partsOf(kept));

/** @param {import('./kept.mjs').Kept} kept @param {string} [readme] as it is */
export const readmeOf = (kept, readme = read(FILES.readme)) =>
  withParts(readme, { experiment: headline(headlineOf(summaries(kept))) });

/** Without the version, and what fits next to the lines. */
const legendOf = (arm, scenario) =>
  arm === 'levers'
    ? `kernel's default, ${SCENARIOS[scenario].levers.short}`
    : ARMS[arm].title.replace(/ \d+\.\d+\.\d+/, '');

/** @param {import('./kept.mjs').Kept} kept */
export function chartOf(kept) {
  const found = headlineOf(summaries(kept));
  const lines = Object.entries(DRAWN)
    .filter(([arm]) => arm in found.arms)
    .map(([arm, colour]) => ({
      title: legendOf(arm, found.name),
      colour,
      thick: arm === 'on' || arm === 'off',
      points: found.arms[arm].curve,
    }));
  return chart({ title: capital(SCENARIOS[found.name].title), lines, sloMs: found.slos[0] });
}
