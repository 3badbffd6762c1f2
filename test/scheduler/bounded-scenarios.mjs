// What runs with hints: programs that lie, each against the same program that says nothing; batch work; kernel threads that say something.

import { burst, KWORKERS, sleepers } from './scenario.mjs';

/** Measured, in ms, by the number of CPUs. */
const MS = { 2: 4000, 4: 3000, 8: 1500 };
const EVERYTHING = ['pause', 'urgency', 'deadline'];

/**
 * Liars, by name: one for each two CPUs, times `times`. A `run` is in CPU time.
 *
 * @type {Record<string, Omit<import('./scenario.mjs').Group, 'name' | 'run'> & { lies: string[], times?: number, run?: [number, number], quick?: boolean }>}
 */
const LIARS = {
  'stuck pause': { lies: ['pause'], quick: true },
  everything: { lies: EVERYTHING, quick: true },
  forks: { lies: EVERYTHING, kind: 'forks', run: [5000, 30_000] },
  'many cgroups': { lies: EVERYTHING, times: 4, cgroups: 4 },
  'short sleeps': {
    lies: EVERYTHING,
    times: 2,
    kind: 'sleeper',
    run: [2000, 2000],
    sleep: [50, 150],
    asksForAll: true,
  },
  threads: { lies: EVERYTHING, times: 8, kind: 'threads', run: [5000, 30_000] },
  pinned: { lies: EVERYTHING, cpus: [0] },
};

/** Tasks of equal weight in cgroups: a group's weight is that of its tasks. */
function cgroupsOf(groups) {
  return groups.flatMap(({ cgroup, cgroups = 1, count }) => {
    const own = { path: cgroup, 'cpu.weight': 50 * count };
    if (cgroups === 1) return [own];
    const children = Array.from({ length: cgroups }, (_, i) => ({
      path: `${cgroup}/${i}`,
      'cpu.weight': 100,
    }));
    return [own, ...children];
  });
}

function liarScenarios(cpus, name) {
  const { times = 1, run, lies, quick, ...liar } = LIARS[name];
  const others = [
    { name: 'hogs', count: 2 * cpus, cgroup: 'hogs' },
    sleepers(cpus, { cgroup: 'sleepers' }),
  ];
  return ['lies', 'nothing'].map((says) => {
    const group = {
      ...liar,
      name: 'liars',
      count: Math.ceil(cpus / 2) * times,
      cgroup: 'liars',
      lies: says === 'lies' ? lies : ['nothing'],
      ...(liar.cgroups ? { cgroups: Math.ceil(cpus / 2) * liar.cgroups } : {}),
      ...(run
        ? { run: /** @type {[number, number]} */ (run.map((us) => burst(us, cpus)[0])) }
        : {}),
    };
    const groups = [group, ...others];
    return {
      name: `${name}: ${says}`,
      ms: MS[cpus],
      warmMs: 300,
      groups,
      cgroups: cgroupsOf(groups),
    };
  });
}

function batchScenario(cpus) {
  const groups = [
    { name: 'batch', count: cpus, lies: ['batch'] },
    { name: 'batch on 0', count: 1, cpus: [0], lies: ['batch'] },
    { name: 'hogs', count: 3 * cpus },
    sleepers(cpus),
  ];
  return { name: 'batch', ms: 2 * MS[cpus], warmMs: 500, groups };
}

/** A kernel thread that is batch work would wait for up to 200 ms. Last: they have their blocks until the scheduler ends. */
function kernelThreadScenarios(cpus) {
  const groups = [
    { name: 'hogs', count: 2 * cpus },
    KWORKERS,
    { ...KWORKERS, name: 'rcu', kind: /** @type {const} */ ('rcu') },
  ];
  const scenario = { ms: MS[cpus], warmMs: 200, groups };
  return [
    { ...scenario, name: 'kernel threads: nothing' },
    { ...scenario, name: 'kernel threads: batch', kernelThreads: 'batch' },
  ];
}

/** @param {number} cpus @param {boolean} [short] */
export function boundedScenarios(cpus, short = false) {
  const names = Object.keys(LIARS).filter((name) => !short || LIARS[name].quick);
  const liars = names.flatMap((name) => liarScenarios(cpus, name));
  return short ? liars : [...liars, batchScenario(cpus), ...kernelThreadScenarios(cpus)];
}
