// Writes docs/experiment.md, its chart and the README's sentence from the kept figures. What is between the page's marks is generated; the words around it are the page's.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARMS } from './arms.mjs';
import { chart } from './chart.mjs';
import { figure, intervalText, valueText } from './median-text.mjs';
import { rankOfInterval } from './order-statistics.mjs';
import { SCENARIOS } from './scenarios.mjs';
import {
  armsTable,
  curveTables,
  headlineOf,
  objectivesTable,
  offOnTable,
  rivalsTable,
  summaries,
  titleOfArm,
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
  'lavd-hints': '#e377c2',
  'off-levers': '#17a2b8',
};

/** What the runs were made with. @param {import('./kept.mjs').Kept} kept */
function madeWith({ versions, scenarios }) {
  const of = (name) => (versions[name] ?? []).join(', ');
  const schedulers = Object.keys(ARMS)
    .filter((arm) => versions[arm])
    .flatMap((arm) => versions[arm]);
  const runs = Object.values(scenarios).flatMap((arms) =>
    Object.values(arms).flatMap(Object.values),
  );
  const late = Math.max(...runs.flatMap(({ steps }) => steps.map(({ seenLate }) => seenLate)));
  return [
    `${of('date')}; ${of('kernel')}; ${of('qemu')}; Node.js ${of('node')}; ${[...new Set(schedulers)].join(', ')}; commit ${of('commit')}.`,
    `${runs.length} runs. The clients noticed each request within ${figure(late)} ms of when it was due.`,
  ].join(' ');
}

/** @param {import('./kept.mjs').Kept} kept @returns {Record<string, string>} by the name of the mark */
export function partsOf(kept) {
  const all = summaries(kept);
  return {
    'off-on': offOnTable(all),
    rivals: rivalsTable(all),
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

const toWords = (text) => text.replace('>= ', 'at least ').replace('<= ', 'at most ');

/** A ratio with its interval. @param {import('./order-statistics.mjs').Median} median */
function inWords(median) {
  const interval = toWords(intervalText(median, ' to '));
  const kind = rankOfInterval(median.count) > 0 ? '95 % interval ' : '';
  return `${toWords(valueText(median))} times${interval && ` (${kind}${interval})`}`;
}

/** Which arm without hints is the best, in words. */
const bestOf = ({ p99, capacity }, title) =>
  p99 === capacity
    ? `Without hints the best is ${title(p99)}`
    : `Without hints ${title(p99)} has the lowest p99, and ${title(capacity)} the most capacity`;

/**
 * What the README says: hints off and on first, then the best alternative, and what pays for it.
 *
 * @param {ReturnType<typeof summaries>} all
 */
function headline(all) {
  const found = headlineOf(all);
  const { name, rate, arms, offOn, rivals, best } = found;
  const [slo] = found.slos;
  const ms = (arm) => toWords(valueText(arms[arm].p99));
  const { atCapacity } = arms.on;
  const off = arms.off.curve.find((step) => step.rate === atCapacity.rate);
  const title = (arm) => titleOfArm(arm, name);
  return [
    `${capital(SCENARIOS[name].title)}, each with background threads, on two busy CPUs in a VM; each collects fully once a second, which makes most of p99. At ${rate} requests a second for each, p99 is ${ms('on')} ms with hints on`,
    `and ${ms('off')} ms with hints off, under the same sched_ext scheduler; in ${offOn.p99.count} pairs of runs with the same requests, hints on have ${inWords(offOn.p99)} the p99, and take ${inWords(offOn.capacity[slo])} as many requests until it exceeds ${slo} ms.`,
    ...(best.capacity
      ? [
          `${bestOf(best, title)}: hints on have ${inWords(rivals[best.p99].p99)} that p99 and ${inWords(rivals[best.capacity].capacity[slo])} that capacity.`,
        ]
      : []),
    `Background threads pay for it: at ${atCapacity.rate} requests a second they have ${valueText(atCapacity.background)} CPUs, with hints off ${valueText(off.background)}.`,
  ]
    .map((line) => `${line}\n`)
    .join('');
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
  withParts(readme, { experiment: headline(summaries(kept)) });

/** Without the version, and what fits next to the lines. */
function legendOf(arm, scenario) {
  const title = ARMS[arm].title.replace(/ \d+\.\d+\.\d+/, '');
  return ARMS[arm].levers ? `${title}, ${SCENARIOS[scenario].levers.short}` : title;
}

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
