// What a scenario is: groups of tasks, what each does, and the words that guest/load takes for it.

/**
 * A group of equal tasks. Times are in microseconds; where an instruction is a nanosecond and N CPUs take turns, `run` takes N times as long.
 *
 * @typedef {object} Group
 * @property {string} name
 * @property {'hog' | 'sleeper' | 'pair' | 'forks' | 'threads' | 'kworker' | 'rcu'} [kind] (hog)
 * @property {number} [count] (1)
 * @property {number} [nice] (0)
 * @property {'other' | 'idle' | 'batch'} [policy] (other)
 * @property {number[]} [cpus] the n-th task may run on the n-th of them only
 * @property {string} [cgroup] a path below the root
 * @property {number} [cgroups] spread over so many children of it, named 0, 1, ... (1: in it)
 * @property {string[]} [lies] pause, urgency, deadline; batch; nothing: bound to a block without hints
 * @property {[number, number]} [run] of each burst
 * @property {[number, number]} [sleep] between bursts
 * @property {boolean} [realTime]
 * @property {boolean} [asksForAll] a CPU all of the time, but for moments (hogs, forks and threads do)
 *
 * @typedef {{ path: string } & Record<string, string | number>} Cgroup its path and its files
 *
 * @typedef {object} Scenario as the guest gets it
 * @property {string} name
 * @property {number} ms measured
 * @property {number} warmMs before
 * @property {string[]} groups
 * @property {Cgroup[]} [cgroups] parents first
 * @property {string} [kernelThreads] what is said of all kernel threads
 * @property {string} [kernelThreadsIn] the cgroup in which RCU's threads are meanwhile
 * @property {string[]} [arms] only under these schedulers
 *
 * @typedef {object} GroupOutcome
 * @property {string} name
 * @property {number} count
 * @property {number} cpuNs
 * @property {number} iterations of 4,000 instructions
 * @property {number} wakeups
 * @property {number} longestNs that a hog waited for a CPU
 * @property {[cpuNs: number, waitNs: number][]} tasks
 * @property {number[]} lateUs of each wakeup
 * @property {number} throttledNs from the blocks, as the next two
 * @property {number} grantedNs
 * @property {number} refused
 *
 * @typedef {object} Outcome
 * @property {number} ns that were measured
 * @property {number} exitNs until all tasks were gone
 * @property {{ cpuNs: number, waitNs: number, turns: number }} kernelThreads
 * @property {GroupOutcome[]} groups
 * @property {Record<string, Record<string, number>>} cpuStats of each cgroup
 * @property {Record<string, number>} [report] the scheduler's last
 */

const ASK_FOR_ALL = ['hog', 'forks', 'threads'];
/** @param {Group} group */
export const asksForAll = ({ kind = 'hog', asksForAll: does = ASK_FOR_ALL.includes(kind) }) => does;

const range = ([from, to]) => `${Math.round(from)}-${Math.round(to)}`;

/** The words for guest/load. @param {Group} group */
export function wordsOf({ name, kind = 'hog', count = 1, nice = 0, policy = 'other', ...rest }) {
  const words = { name, kind, count, nice, policy };
  if (rest.cpus) words.cpus = rest.cpus.join(':');
  if (rest.cgroup) words.cgroup = rest.cgroup;
  if (rest.cgroups) words.cgroups = rest.cgroups;
  if (rest.lies?.length > 0) words.lies = rest.lies.join('+');
  if (rest.run) words.run = range(rest.run);
  if (rest.sleep) words.sleep = range(rest.sleep);
  if (rest.realTime) words.rt = 1;
  return Object.entries(words)
    .map(([word, value]) => `${word}=${value}`)
    .join(',');
}

/** A sleeper's burst: about this much CPU time on a machine of so many emulated CPUs. */
export const burst = (us, cpus) => /** @type {[number, number]} */ ([us / cpus, us / cpus]);

/** Wakes up every 5.5 ms on average, to work for 0.2 ms. @param {number} cpus @param {Partial<Group>} [more] */
export const sleepers = (cpus, more = {}) => ({
  name: 'sleepers',
  kind: /** @type {const} */ ('sleeper'),
  count: Math.max(8, cpus),
  run: burst(200, cpus),
  sleep: /** @type {[number, number]} */ ([1000, 10_000]),
  ...more,
});

/** A kernel worker on each CPU, awaited by a real-time task. @type {Group} */
export const KWORKERS = {
  name: 'kworkers',
  kind: 'kworker',
  realTime: true,
  sleep: [1000, 8000],
};

/** A scenario as the guest gets it. */
export const inWords = ({ groups, ...scenario }) => ({ ...scenario, groups: groups.map(wordsOf) });
