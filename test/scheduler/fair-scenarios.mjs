// What runs without hints: sleepers next to all that may keep a CPU from them.

import { burst, KWORKERS, sleepers } from './scenario.mjs';

/** Measured, in ms, by the number of CPUs: so that with three seeds each scenario has 3,000 wakeups, and each task some turns. */
const MS = { 2: 2500, 4: 2500, 8: 1500, 16: 1000 };

const WITHOUT_HINTS = ['kernel', 'none'];
/** Long enough to see that those of the lowest weight have their turns. */
const LONG = { ms: 12_000, arms: WITHOUT_HINTS };
/** On a large machine those that are bound to one CPU have few turns in a second. */
const MANY_TURNS = { ms: 4000, arms: WITHOUT_HINTS };

/**
 * @param {number} cpus
 * @param {boolean} [short] only what an earlier scheduler failed
 * @returns {(Omit<import('./scenario.mjs').Scenario, 'groups'> & { groups: import('./scenario.mjs').Group[] })[]}
 */
export function fairScenarios(cpus, short = false) {
  const all = Array.from({ length: cpus }, (_, cpu) => cpu);
  const even = all.filter((cpu) => cpu % 2 === 0);
  const odd = all.filter((cpu) => cpu % 2 === 1);
  /**
   * A loop of low priority that has a CPU alone, next to CPUs on which sleepers and a hog meet. Nothing else runs: each kernel thread that takes
   * a hog's CPU for a moment may end what keeps it there.
   */
  const besideLoops = (loop) => [
    { name: 'loops', count: even.length, cpus: even, ...loop },
    { name: 'hogs', count: odd.length, cpus: odd },
    sleepers(cpus, { cpus: odd }),
  ];
  const scenarios = {
    hogs: [{ name: 'hogs', count: 2 * cpus }, sleepers(cpus), KWORKERS],
    'nice 19': besideLoops({ nice: 19 }),
    SCHED_IDLE: besideLoops({ policy: 'idle' }),
    pinned: [
      { name: 'pinned', count: 2, cpus: [0] },
      { name: 'free', count: 2 * cpus - 1 },
      sleepers(cpus, { cpus: [0], count: 8, run: burst(100, cpus) }),
      sleepers(cpus, { name: 'free sleepers' }),
      // Its real-time task stays on a CPU: on the first it would have what the pinned are judged by.
      { ...KWORKERS, cpus: [cpus - 1] },
    ],
    weights: [
      { name: 'nice 0', count: cpus },
      { name: 'nice -5', count: cpus, nice: -5 },
      { name: 'nice 5', count: cpus, nice: 5 },
      { name: 'nice 19', count: cpus, nice: 19 },
      { name: 'idle', count: 1, policy: 'idle' },
      sleepers(cpus),
      KWORKERS,
    ],
  };
  const chosen = short ? ['hogs', 'nice 19'] : Object.keys(scenarios);
  return chosen.map((name) => ({
    name,
    ms: MS[cpus],
    warmMs: 400,
    groups: scenarios[name],
    ...(name === 'weights' && cpus === 2 ? LONG : {}),
    ...(name === 'pinned' && cpus > 4 ? MANY_TURNS : {}),
  }));
}
