// Judges what cgroups have: by their weights the weighted max-min ideal, by their limits what those say. The kernel's default is printed next to it.

import { idealOf } from './ideal.mjs';
import { atLeast, atMost, holds, lateness, latestMs, pooled, within } from './judge.mjs';

const OFF = 0.1;
/** Of a machine: what weight 1 next to 100 for each of two tasks may have. */
const IDLE_MOST = 0.03;
const EXIT_MS = 1000;

const cpusOf = (outcome, name) =>
  outcome.groups.find((group) => group.name === name).cpuNs / outcome.ns;

/** @returns {Record<string, number>} the weight of each group's tasks in the whole, with all of them active */
export function flatWeights(groups, cgroups) {
  const weightOf = (path) => cgroups.find((cgroup) => cgroup.path === path)['cpu.weight'] ?? 100;
  const parentOf = (path) => (path.includes('/') ? path.replace(/\/[^/]*$/, '') : '');
  return Object.fromEntries(
    groups.map(({ name, count, cgroup }) => {
      let weight = 1 / count;
      for (let path = cgroup; path !== ''; path = parentOf(path)) {
        const siblings = cgroups.filter((other) => parentOf(other.path) === parentOf(path));
        weight *=
          weightOf(path) / siblings.reduce((sum, sibling) => sum + weightOf(sibling.path), 0);
      }
      return [name, weight];
    }),
  );
}

function judgeWeights({ name, groups, cgroups }, outcome, kernel, cpus) {
  const weights = flatWeights(groups, cgroups);
  const ideal = idealOf(groups, outcome, cpus, (group) => ({ weight: weights[group.name] }));
  return groups.map((group) => {
    const had = cpusOf(outcome, group.name);
    return {
      line: [
        name,
        group.name,
        had.toFixed(3),
        ideal[group.name].toFixed(3),
        cpusOf(kernel, group.name).toFixed(3),
        '',
      ],
      checks: [within(`${name}: CPUs of ${group.name}`, had, ideal[group.name], OFF)],
    };
  });
}

function judgeIdle({ name }, outcome, kernel, cpus) {
  const had = cpusOf(outcome, 'idle');
  const lateOf = ({ groups }) =>
    lateness(groups.find((group) => group.name === 'sleepers').lateUs).p99;
  return [
    {
      line: [
        name,
        'idle',
        had.toFixed(3),
        `<= ${(IDLE_MOST * cpus).toFixed(3)}`,
        cpusOf(kernel, 'idle').toFixed(3),
        `p99 of others ${lateOf(outcome).toFixed(2)}, ${lateOf(kernel).toFixed(2)} ms`,
      ],
      checks: [
        atMost(`${name}: CPUs of the idle group`, had, IDLE_MOST * cpus),
        holds(`${name}: it does not starve`, had > 0, `${had} CPUs`),
        atMost(`${name}: p99 of others' wakeups`, lateOf(outcome), latestMs(lateOf(kernel)), ' ms'),
      ],
    },
  ];
}

function judgeWakeups({ name }, outcome, kernel, cpus) {
  const [late, byDefault] = [outcome, kernel].map(({ groups }) => lateness(groups[1].lateUs));
  const had = cpusOf(outcome, 'others');
  return [
    {
      line: [
        name,
        'sleepers',
        `p99 ${late.p99.toFixed(2)} ms`,
        `<= ${latestMs(byDefault.p99).toFixed(2)}`,
        byDefault.p99.toFixed(2),
        `others ${had.toFixed(2)} of ${cpus} CPUs`,
      ],
      checks: [
        atMost(`${name} in a group: p99`, late.p99, latestMs(byDefault.p99), ' ms'),
        atLeast(`${name} in a group`, late.count, 0.8 * byDefault.count),
      ],
    },
  ];
}

/** What the scheduler and the tasks' blocks say of being held. `cpu.stat` does not under sched_ext. */
function judgeThrottled(name, outcome) {
  const fromBlocks = outcome.groups[0].throttledNs;
  const counted = outcome.report?.throttledNs;
  return {
    note: `held ${(fromBlocks / 1e9).toFixed(1)} s, counted ${counted === undefined ? 'no' : (counted / 1e9).toFixed(1)} s`,
    checks: [
      holds(`${name}: throttled_ns in the blocks`, fromBlocks > 0, `${fromBlocks}`),
      holds(`${name}: throttledNs in the scheduler's report`, counted > 0, `${counted}`),
    ],
  };
}

function judgeLimit({ name, quota, groups }, outcome, kernel, report) {
  const had = cpusOf(outcome, 'limited');
  const isBound = groups[0].lies !== undefined;
  const throttled = isBound
    ? judgeThrottled(name, { ...outcome, report })
    : { note: '', checks: [] };
  return [
    {
      line: [
        name,
        'limited',
        had.toFixed(3),
        quota.toFixed(3),
        cpusOf(kernel, 'limited').toFixed(3),
        throttled.note,
      ],
      checks: [within(`${name}: CPUs`, had, quota, OFF), ...throttled.checks],
    },
  ];
}

/** A task that is held runs a tick after 10 s, so a hundred of them have more than their limit. */
function judgeHeld({ name }, outcome, kernel) {
  const had = cpusOf(outcome, 'limited');
  const least = outcome.groups[0].tasks.reduce(
    (low, [cpuNs]) => Math.min(low, cpuNs),
    Number.POSITIVE_INFINITY,
  );
  return [
    {
      line: [
        name,
        '100 tasks',
        had.toFixed(3),
        '<= 0.060',
        cpusOf(kernel, 'limited').toFixed(3),
        `the least of them ${(least / 1e6).toFixed(1)} ms in 45 s, gone after ${(outcome.exitNs / 1e6).toFixed(0)} ms`,
      ],
      checks: [
        atMost(`${name}: CPUs of 100 tasks with a limit of 0.01`, had, 0.06),
        holds(`${name}: each of them ran`, least > 0, `${least} ns`),
        atMost(`${name}: until all had exited`, outcome.exitNs / 1e6, EXIT_MS, ' ms'),
      ],
    },
  ];
}

function judgeKernelThreads({ name }, outcome, kernel) {
  const lateOf = ({ groups }) => lateness(groups.find((group) => group.name === 'rcu').lateUs);
  const [late, byDefault] = [lateOf(outcome), lateOf(kernel)];
  return [
    {
      line: [
        name,
        'rcu',
        `${late.p99.toFixed(1)} ms`,
        '',
        `${byDefault.p99.toFixed(1)} ms`,
        `${late.count} grace periods`,
      ],
      checks: [
        atMost(
          `${name} in a throttled group: p99 of a grace period`,
          late.p99,
          Math.max(latestMs(byDefault.p99), 50),
          ' ms',
        ),
        atLeast(`${name} in a throttled group: grace periods`, late.count, 30),
      ],
    },
  ];
}

const JUDGES = {
  weights: judgeWeights,
  'cpu.idle': judgeIdle,
  wakeups: judgeWakeups,
  held: judgeHeld,
  'kernel threads': judgeKernelThreads,
};

/** @param {number} cpus @param {any[]} scenarios @param {any[]} boots */
export function judgeCgroups(cpus, scenarios, boots) {
  const judged = scenarios.flatMap((scenario) => {
    const of = (arm) => pooled(boots.map(({ runs }) => runs[arm][scenario.name]));
    const report = boots.at(-1).runs.ours[scenario.name].report;
    if (scenario.name in JUDGES)
      return JUDGES[scenario.name](scenario, of('ours'), of('kernel'), cpus);
    return judgeLimit(scenario, of('ours'), of('kernel'), report);
  });
  const wrong = judged.flatMap(({ checks }) => checks).filter(({ ok }) => !ok);
  return {
    table: [
      ['cgroups', 'who', 'CPUs', 'should have', "kernel's default", ''],
      ...judged.map(({ line }) => line),
    ],
    checks: judged.flatMap(({ checks }) => checks),
    found: wrong.length === 0 ? 'weights and limits within 10 %' : wrong[0].what,
  };
}
