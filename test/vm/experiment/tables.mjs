// The tables of docs/experiment.md, from the kept figures.

import { ARMS } from './arms.mjs';
import { HEADLINE } from './plan.mjs';
import { paceOfVm, SCENARIOS } from './scenarios.mjs';
import { summarize } from './summary.mjs';

/** Arms without hints, which an operator may try instead. */
const RIVALS = ['default', 'levers', 'lavd'];

/** @param {import('./kept.mjs').Kept} kept what is found in each scenario, in the order of scenarios.mjs and by CPUs */
export function summaries(kept) {
  const order = Object.keys(SCENARIOS);
  return Object.entries(kept.scenarios)
    .map(([key, arms]) => {
      const [name, cpus] = key.split('-');
      const { compared, objectives: slos, share } = SCENARIOS[name];
      const rate = compared * (kept.pace ?? paceOfVm(Number(cpus)));
      return {
        name,
        cpus: Number(cpus),
        rate,
        slos,
        ...summarize(arms, Math.round(rate), RIVALS, slos, share),
      };
    })
    .sort((a, b) => a.cpus - b.cpus || order.indexOf(a.name) - order.indexOf(b.name));
}

const digits = (value) => (value >= 100 ? 0 : value >= 10 ? 1 : 2);
const figure = (value) => (Number.isFinite(value) ? value.toFixed(digits(value)) : 'not answered');

/** @param {import('./statistics.mjs').Estimate} estimate */
export function withInterval({ value, low, high }) {
  if (Number.isNaN(value)) return '-';
  if (!Number.isFinite(low) || !Number.isFinite(high) || low === high) return figure(value);
  return `${figure(value)} (${figure(low)}-${figure(high)})`;
}

const BOUNDS = { exact: '', above: '>= ', below: '<= ', mixed: 'about ' };
const RATIO_BOUNDS = { exact: '', atLeast: '>= ', atMost: '<= ', unknown: 'about ' };
const bounded = ({ bound, ...estimate }) => BOUNDS[bound] + withInterval(estimate);
export const boundedRatio = ({ bound, ...estimate }) =>
  RATIO_BOUNDS[bound] + withInterval(estimate);

const row = (cells) => `| ${cells.join(' | ')} |`;
const tableOf = (head, rows) =>
  `${[row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')}\n`;

const titleOf = ({ name, cpus }) => `${SCENARIOS[name].title}${cpus === 2 ? '' : `, ${cpus} CPUs`}`;

/** What an arm is called in a scenario. */
export const titleOfArm = (arm, scenario) =>
  arm === 'levers' ? `kernel's default, ${SCENARIOS[scenario].levers.words}` : ARMS[arm].title;

const runsOf = ({ arms: { off, on } }) => Math.min(off.runs, on.runs);

/** Hints on / off, one row for each scenario. @param {ReturnType<typeof summaries>} all */
export function offOnTable(all) {
  return tableOf(
    [
      'hints on / off',
      'objective: p99',
      'capacity',
      'p99',
      'p99.9',
      'collections',
      'background work',
      'runs',
      'on your machine',
    ],
    all
      .filter(({ offOn }) => offOn !== null)
      .map((one) => [
        titleOf(one),
        `${one.slos[0]} ms`,
        `**${boundedRatio(one.offOn.capacity[one.slos[0]])}**`,
        `**${withInterval(one.offOn.p99)}**`,
        withInterval(one.offOn.p999),
        withInterval(one.offOn.collection),
        withInterval(one.offOn.background),
        runsOf(one),
        '',
      ]),
  );
}

/** Hints on / the best arm without. @param {ReturnType<typeof summaries>} all */
export function bestTable(all) {
  return tableOf(
    [
      'hints on / the best without',
      'which is',
      'objective: p99',
      'capacity',
      'p99',
      'collections',
      'background work',
      'on your machine',
    ],
    all
      .filter(({ best }) => best !== null)
      .map((one) => [
        titleOf(one),
        titleOfArm(one.best.name, one.name),
        `${one.slos[0]} ms`,
        boundedRatio(one.best.capacity[one.slos[0]]),
        withInterval(one.best.p99),
        withInterval(one.best.collection),
        withInterval(one.best.background),
        '',
      ]),
  );
}

/** All arms of a scenario. @param {ReturnType<typeof summaries>[number]} one */
export function armsTable({ name, rate, arms, slos: [slo] }) {
  return tableOf(
    [
      '',
      `capacity, p99 <= ${slo} ms`,
      `p50 at ${rate}/s, ms`,
      'p99',
      'p99.9',
      'collection, alone = 1',
      'background, default = 1',
      'switches/s',
      'runs',
      'on your machine',
    ],
    Object.keys(ARMS)
      .filter((arm) => arm in arms)
      .map((arm) => {
        const found = arms[arm];
        return [
          titleOfArm(arm, name),
          bounded(found.capacity[slo]),
          withInterval(found.p50),
          withInterval(found.p99),
          withInterval(found.p999),
          withInterval(found.collection),
          `${withInterval(found.background)}${found.isAdmissible ? '' : ', not counted'}`,
          figure(found.switches.value),
          found.runs,
          '',
        ];
      }),
  );
}

/** Capacity at all objectives. @param {ReturnType<typeof summaries>} all */
export function objectivesTable(all) {
  const rate = (arm, slo) => BOUNDS[arm.capacity[slo].bound] + figure(arm.capacity[slo].value);
  return tableOf(
    [
      'requests a second',
      'objective: p99',
      'the best without',
      'hints off',
      'hints on',
      'on / off',
      'on / the best without',
    ],
    all
      .filter(({ offOn }) => offOn !== null)
      .flatMap((one) =>
        one.slos
          .toSorted((a, b) => a - b)
          .map((slo) => [
            titleOf(one),
            `${slo} ms`,
            one.best === null ? '-' : rate(one.arms[one.best.name], slo),
            rate(one.arms.off, slo),
            rate(one.arms.on, slo),
            boundedRatio(one.offOn.capacity[slo]),
            one.best === null ? '-' : boundedRatio(one.best.capacity[slo]),
          ]),
      ),
  );
}

/** p99 and background work by load, for those who have other objectives. @param {ReturnType<typeof summaries>[number]} one */
export function curveTables({ name, arms }) {
  const found = Object.keys(ARMS).filter((arm) => arm in arms);
  const byLoad = (what, of) =>
    tableOf(
      [
        `${what}, at so many requests a second`,
        ...arms[found[0]].curve.map(({ rate }) => String(rate)),
      ],
      found.map((arm) => [titleOfArm(arm, name), ...arms[arm].curve.map((one) => figure(of(one)))]),
    );
  return [
    byLoad('p99, ms', ({ p99 }) => p99.value),
    byLoad('background work, CPUs', ({ background }) => background),
  ].join('\n');
}

/** All of them, for a terminal. @param {ReturnType<typeof summaries>} all */
export function tables(all) {
  return [
    offOnTable(all),
    bestTable(all),
    ...all.flatMap((one) => [`${titleOf(one)}\n`, armsTable(one), curveTables(one)]),
  ].join('\n');
}

/** The scenario of the chart. @param {ReturnType<typeof summaries>} all */
export const headlineOf = (all) =>
  all.find(({ name, cpus }) => name === HEADLINE.scenario && cpus === 2);
