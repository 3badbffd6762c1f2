// What runs in cgroups: weights through nested groups, cpu.idle, limits with and without others, with and without burst.

import { sleepers } from './scenario.mjs';

const CPUS = 2;
const PERIOD_US = 100_000;
const others = { name: 'others', count: 2 * CPUS, cgroup: 'others' };
const OTHERS = { path: 'others' };

/** Weights as they are written in a machine with services. */
function weights() {
  return {
    name: 'weights',
    ms: 4000,
    groups: [
      { name: 'web', count: 3 * CPUS, cgroup: 'service/web' },
      { name: 'db', count: 2 * CPUS, cgroup: 'service/db' },
      { name: 'jobs', count: 4 * CPUS, cgroup: 'jobs' },
    ],
    cgroups: [
      { path: 'service', 'cpu.weight': 300 },
      { path: 'service/web', 'cpu.weight': 100 },
      { path: 'service/db', 'cpu.weight': 50 },
      { path: 'jobs', 'cpu.weight': 100 },
    ],
  };
}

/** The same number of tasks in each: one of the groups has what the others leave. */
function idle() {
  return {
    name: 'cpu.idle',
    ms: 3000,
    groups: [
      { name: 'idle', count: CPUS, cgroup: 'idle' },
      { ...others, count: CPUS },
      sleepers(CPUS, { cgroup: 'sleepers' }),
    ],
    cgroups: [{ path: 'idle', 'cpu.idle': 1 }, OTHERS, { path: 'sleepers' }],
  };
}

/** How much of its group's weight a sleeper has depends on how many of them are awake. */
function wakeups() {
  return {
    name: 'wakeups',
    ms: 3000,
    groups: [{ ...others, count: CPUS }, sleepers(CPUS, { cgroup: 'sleepers' })],
    cgroups: [OTHERS, { path: 'sleepers' }],
  };
}

function limit(quota, { burstUs = 0, count = 2 * CPUS, withOthers = true, name = '' } = {}) {
  // Of a weight with which it would have all that its limit allows.
  const files = {
    'cpu.weight': 1000,
    'cpu.max': `${Math.round(quota * PERIOD_US)} ${PERIOD_US}`,
    'cpu.max.burst': burstUs,
  };
  return {
    name:
      name ||
      `cpu.max ${quota}${burstUs > 0 ? `, burst ${burstUs / 1000} ms` : ''}${withOthers ? ', others' : ''}`,
    quota,
    ms: 2500,
    groups: [
      { name: 'limited', count, cgroup: 'limited', lies: ['nothing'] },
      ...(withOthers ? [{ ...others, count: 1 }] : []),
    ],
    cgroups: [{ path: 'limited', ...files }, ...(withOthers ? [OTHERS] : [])],
  };
}

/** A parent's limit counts for its children together. */
const nested = {
  name: 'cpu.max 1 of a parent',
  quota: 1,
  ms: 2500,
  groups: [
    { name: 'limited', count: 4, cgroup: 'parent', cgroups: 2 },
    { ...others, count: 1 },
  ],
  cgroups: [
    { path: 'parent', 'cpu.weight': 1000, 'cpu.max': `${PERIOD_US} ${PERIOD_US}` },
    { path: 'parent/0' },
    { path: 'parent/1' },
    OTHERS,
  ],
};

/**
 * A limit so small that a round of its tasks takes 40 s, in which the kernel would end a scheduler that held them all. At its end they are
 * killed: tasks that exit are not held, or this would take as long again.
 */
const held = { ...limit(0.01, { count: 100, withOthers: false, name: 'held' }), ms: 45_000 };

/** Kernel threads in a group that is throttled all of the time: one of them ends grace periods. */
const kernelThreads = {
  ...limit(0.01, { count: 4, withOthers: false, name: 'kernel threads' }),
  ms: 3000,
  kernelThreadsIn: 'limited',
};
kernelThreads.groups = [
  ...kernelThreads.groups,
  { name: 'rcu', kind: /** @type {const} */ ('rcu'), realTime: true, sleep: [1000, 10_000] },
];

/** @param {boolean} [short] */
export function cgroupScenarios(short = false) {
  const all = [
    weights(),
    idle(),
    wakeups(),
    limit(0.2),
    limit(0.5),
    limit(1.5),
    limit(0.2, { withOthers: false }),
    limit(0.5, { burstUs: 50_000 }),
    limit(1.5, { withOthers: false, burstUs: 50_000 }),
    nested,
    kernelThreads,
    held,
  ];
  return (short ? all.slice(0, 4) : all).map((scenario) => ({ warmMs: 300, ...scenario }));
}

export { CPUS };
