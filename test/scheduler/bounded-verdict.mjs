// Judges programs that lie against the same programs that say nothing.

import { idealOf } from './ideal.mjs';
import { atLeast, atMost, lateness, latestMs, ONE_TICK_MS, pooled, SLICE_MS } from './judge.mjs';

const SHARE_MORE = 0.05;
/** Of the machine. */
const POINTS_MORE = 0.005;
/** A debt is repaid, not punished: of the smaller one of its ideal and of what it had without hints. */
const SHARE_LEAST = 0.8;
const BATCH_PART = 1 / 8;
const BATCH_PART_LEAST = 0.09;
const BATCH_PART_MOST = 0.16; // as in the simulator
const BATCH_WAIT_MS = 200;

const hadOf = (outcome, name) =>
  outcome.groups.find((group) => group.name === name).cpuNs / outcome.ns;
const lateOf = (outcome, name, together = 1) =>
  lateness(outcome.groups.find((group) => group.name === name).lateUs, together);
const ms = (ns) => (ns / 1e6).toFixed(0);

function judgeLiar(cpus, name, groups, [on, off]) {
  const [had, without] = [hadOf(on, 'liars'), hadOf(off, 'liars')];
  const ideal = idealOf(groups, off, cpus).liars;
  // One that sleeps has less than its share without hints, for it waits. To wait less is what hints are for.
  const most = Math.max(without, ideal) * (1 + SHARE_MORE) + POINTS_MORE * cpus;
  const [late, before] = [lateOf(on, 'sleepers'), lateOf(off, 'sleepers')];
  return {
    line: [
      name,
      had.toFixed(3),
      without.toFixed(3),
      ideal.toFixed(3),
      most.toFixed(3),
      late.p99.toFixed(2),
      before.p99.toFixed(2),
      `${ms(on.groups[1].longestNs)} ${ms(off.groups[1].longestNs)}`,
      String(on.groups[0].refused),
    ],
    checks: [
      atMost(`${name}: CPUs`, had, most),
      atLeast(
        `${name}: CPUs, for a debt is repaid and not punished`,
        had,
        SHARE_LEAST * Math.min(without, ideal),
      ),
      atMost(
        `${name}: p99 of others' wakeups`,
        late.p99,
        before.p99 + SLICE_MS + ONE_TICK_MS,
        ' ms',
      ),
      atLeast(`${name}: wakeups of others`, late.count, 0.8 * before.count),
    ],
  };
}

/** Of the CPU time of one that is no batch work, an eighth: the last slices of both may be off by some turns. */
function judgeBatch(outcome) {
  const [batch, pinned, hogs] = outcome.groups;
  const part = (hadOf(outcome, 'batch') / batch.count / hadOf(outcome, 'hogs')) * hogs.count;
  const longest = Math.max(batch.longestNs, pinned.longestNs) / 1e6;
  return {
    line: [
      'batch, each of a hog',
      part.toFixed(3),
      '',
      BATCH_PART.toFixed(3),
      BATCH_PART_MOST.toFixed(3),
      lateOf(outcome, 'sleepers').p99.toFixed(2),
      '',
      longest.toFixed(0),
      '',
    ],
    checks: [
      atLeast("batch: of a hog's CPU time", part, BATCH_PART_LEAST),
      atMost("batch: of a hog's CPU time", part, BATCH_PART_MOST),
      atMost('batch: longest wait', longest, BATCH_WAIT_MS + ONE_TICK_MS, ' ms'),
    ],
  };
}

function judgeKernelThreads(cpus, on, off) {
  return ['kworkers', 'rcu'].map((name) => {
    const together = name === 'kworkers' ? cpus : 1; // a round waits for one on each CPU
    const [late, before] = [on, off].map((outcome) => lateOf(outcome, name, together));
    return {
      line: [
        `hints of kernel threads: ${name}`,
        '',
        '',
        '',
        '',
        late.p99.toFixed(2),
        before.p99.toFixed(2),
        '',
        '',
      ],
      checks: [
        atMost(
          `kernel threads that say batch: p99 of ${name}`,
          late.p99,
          latestMs(before.p99),
          ' ms',
        ),
        atLeast(`kernel threads that say batch: rounds of ${name}`, late.count, 0.8 * before.count),
      ],
    };
  });
}

/** @param {number} cpus @param {any[]} scenarios @param {any[]} boots */
export function judgeBounded(cpus, scenarios, boots) {
  const outcome = (name) => pooled(boots.map(({ runs }) => runs.all[name]));
  const has = (name) => scenarios.some((scenario) => scenario.name === name);
  const groupsOf = (name) => scenarios.find((scenario) => scenario.name === name).groups;
  const liars = scenarios.flatMap(({ name }) =>
    name.endsWith(': lies') ? [name.replace(': lies', '')] : [],
  );
  const judged = [
    ...liars.map((name) =>
      judgeLiar(cpus, name, groupsOf(`${name}: lies`), [
        outcome(`${name}: lies`),
        outcome(`${name}: nothing`),
      ]),
    ),
    ...(has('batch') ? [judgeBatch(outcome('batch'))] : []),
    ...(has('kernel threads: batch')
      ? judgeKernelThreads(
          cpus,
          outcome('kernel threads: batch'),
          outcome('kernel threads: nothing'),
        )
      : []),
  ];
  const head = [
    'who',
    'CPUs',
    'saying nothing',
    'ideal',
    'at most',
    "others' p99 ms",
    'saying nothing',
    'longest wait',
    'refused',
  ];
  const gains = liars.map((name) => [
    name,
    hadOf(outcome(`${name}: lies`), 'liars') / hadOf(outcome(`${name}: nothing`), 'liars'),
  ]);
  const [worst, gain] = gains.sort((a, b) => b[1] - a[1])[0];
  return {
    table: [head, ...judged.map(({ line }) => line)],
    checks: judged.flatMap(({ checks }) => checks),
    found: `the most that a lie brought: ${((gain - 1) * 100).toFixed(1)} % (${worst})`,
  };
}
