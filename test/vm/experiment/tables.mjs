// The tables of docs/experiment.md, from the kept figures.

import { ARMS } from './arms.mjs';
import { medianText, ratioText, valueText } from './median-text.mjs';
import { HEADLINE } from './plan.mjs';
import { paceOfVm, SCENARIOS, scaledTo, shareOfBackground } from './scenarios.mjs';
import { summarize } from './summary.mjs';

/** What an operator can have without hints. `off` itself has a table. */
const RIVALS = ['default', 'levers', 'lavd', 'off-levers'];

/** @param {import('./kept.mjs').Kept} kept what is found in each scenario, in the order of scenarios.mjs and by CPUs */
export function summaries(kept) {
  const order = Object.keys(SCENARIOS);
  return Object.entries(kept.scenarios)
    .map(([key, arms]) => {
      const [name, cpus] = key.split('-');
      const scenario = scaledTo(SCENARIOS[name], Number(cpus), kept.pace ?? paceOfVm(Number(cpus)));
      const { compared: rate, objectives: slos } = scenario;
      const share = shareOfBackground(scenario);
      const rules = { rate, slos, share, answerMs: kept.times.answerMs };
      return { name, cpus: Number(cpus), rate, slos, ...summarize(arms, RIVALS, rules) };
    })
    .sort((a, b) => a.cpus - b.cpus || order.indexOf(a.name) - order.indexOf(b.name));
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const tableOf = (head, rows) =>
  `${[row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')}\n`;

const titleOf = ({ name, cpus }) => `${SCENARIOS[name].title}${cpus === 2 ? '' : `, ${cpus} CPUs`}`;

/** What an arm is called in a scenario. */
export const titleOfArm = (arm, scenario) =>
  ARMS[arm].levers ? `${ARMS[arm].title}, ${SCENARIOS[scenario].levers.words}` : ARMS[arm].title;

const RATIOS = ['capacity', 'p99', 'median collection', 'pairs of runs', 'on your machine'];
const ratiosOf = ({ capacity, p99, collection }, slo) => [
  ratioText(capacity[slo]),
  ratioText(p99),
  ratioText(collection),
  p99?.count ?? 0,
  '',
];

/** Hints on / off, one row for each scenario. @param {ReturnType<typeof summaries>} all */
export function offOnTable(all) {
  return tableOf(
    ['hints on / off', 'objective', 'p99 compared at', ...RATIOS],
    all
      .filter(({ offOn }) => offOn !== null)
      .map((one) => [
        titleOf(one),
        `p99 <= ${one.slos[0]} ms`,
        `${one.rate}/s`,
        ...ratiosOf(one.offOn, one.slos[0]),
      ]),
  );
}

/** Hints on / each arm without. @param {ReturnType<typeof summaries>} all */
export function rivalsTable(all) {
  return tableOf(
    ['hints on / without', 'without hints', ...RATIOS],
    all.flatMap((one) =>
      Object.entries(one.rivals).map(([name, ratios]) => [
        titleOf(one),
        titleOfArm(name, one.name),
        ...ratiosOf(ratios, one.slos[0]),
      ]),
    ),
  );
}

/** All arms of a scenario. @param {ReturnType<typeof summaries>[number]} one */
export function armsTable({ name, rate, arms, slos: [slo] }) {
  return tableOf(
    [
      'scheduler',
      `capacity, requests/s for each service, p99 <= ${slo} ms`,
      `p50 at ${rate}/s, ms`,
      `p99 at ${rate}/s, ms`,
      'median collection, alone = 1',
      'background work, fair share = 1, at the rate nearest to the capacity',
      'context switches/s, whole machine',
      'runs',
    ],
    Object.keys(ARMS)
      .filter((arm) => arm in arms)
      .map((arm) => {
        const found = arms[arm];
        return [
          titleOfArm(arm, name),
          medianText(found.capacity[slo]),
          medianText(found.p50),
          medianText(found.p99),
          medianText(found.collection),
          `${valueText(found.atCapacity.ofFairShare)} at ${found.atCapacity.rate}/s`,
          valueText(found.switches),
          found.runs,
        ];
      }),
  );
}

/** Capacity at all objectives. @param {ReturnType<typeof summaries>} all */
export function objectivesTable(all) {
  return tableOf(
    ['capacity, requests/s for each service', 'objective', 'hints off', 'hints on', 'on / off'],
    all
      .filter(({ offOn }) => offOn !== null)
      .flatMap((one) =>
        one.slos
          .toSorted((a, b) => a - b)
          .map((slo) => [
            titleOf(one),
            `p99 <= ${slo} ms`,
            valueText(one.arms.off.capacity[slo]),
            valueText(one.arms.on.capacity[slo]),
            ratioText(one.offOn.capacity[slo]),
          ]),
      ),
  );
}

/** p99 and background work by load, for those who have other objectives. @param {ReturnType<typeof summaries>[number]} one */
export function curveTables({ name, arms, offOn, rivals }) {
  const found = Object.keys(ARMS).filter((arm) => arm in arms);
  const byLoad = (what, of) =>
    tableOf(
      [
        `${what}, at so many requests/s for each service`,
        ...arms[found[0]].curve.map(({ rate }) => String(rate)),
      ],
      [
        ...found.map((arm) => [
          titleOfArm(arm, name),
          ...arms[arm].curve.map((one) => valueText(of(one))),
        ]),
        ...(offOn ? [['hints on / off', ...offOn.curve.map((one) => ratioText(of(one)))]] : []),
        ...Object.entries(rivals).map(([rival, { curve }]) => [
          `hints on / ${titleOfArm(rival, name)}`,
          ...curve.map((one) => ratioText(of(one))),
        ]),
      ],
    );
  return [
    byLoad('p99, ms', ({ p99 }) => p99),
    byLoad('background work, CPUs', ({ background }) => background),
  ].join('\n');
}

/** All of them, for a terminal. @param {ReturnType<typeof summaries>} all */
export function tables(all) {
  return [
    offOnTable(all),
    rivalsTable(all),
    ...all.flatMap((one) => [`${titleOf(one)}\n`, armsTable(one), curveTables(one)]),
  ].join('\n');
}

/** The scenario of the chart. @param {ReturnType<typeof summaries>} all */
export const headlineOf = (all) =>
  all.find(({ name, cpus }) => name === HEADLINE.scenario && cpus === 2);
