// The weighted max-min ideal: how much CPU time each task should have, from weights, what it asks for, and where it may run.

import { asksForAll } from './scenario.mjs';

/** kernel/sched/core.c, sched_prio_to_weight, from nice -20 on. */
const WEIGHTS = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
  3906, 3121, 2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87,
  70, 56, 45, 36, 29, 23, 18, 15,
];
const IDLE_WEIGHT = 3;

/** The kernel's, in parts of nice 0. @param {{ nice?: number, policy?: string }} task */
export const weightOf = ({ nice = 0, policy }) =>
  (policy === 'idle' ? IDLE_WEIGHT : WEIGHTS[nice + 20]) / 1024;

/**
 * @typedef {object} IdealTask
 * @property {number} weight
 * @property {number} most CPUs that it would use
 * @property {string[]} within names of limits that it counts for
 */

/**
 * Raises the rates of all tasks together, in proportion to their weights. A task stays where it is when it has what it would use, or when a
 * limit that it counts for is reached.
 *
 * @param {IdealTask[]} tasks
 * @param {Record<string, number>} limits CPUs that the tasks which count for it have together
 * @returns {number[]} CPUs of each
 */
export function idealRates(tasks, limits) {
  const rates = tasks.map(() => 0);
  const open = new Set(tasks.keys());
  const room = { ...limits };
  while (open.size > 0) {
    const weights = {};
    for (const i of open) {
      for (const limit of tasks[i].within) weights[limit] = (weights[limit] ?? 0) + tasks[i].weight;
    }
    // How far the common level can rise: rate = weight * level.
    const levels = [...open].map((i) => (tasks[i].most - rates[i]) / tasks[i].weight);
    const rises = Object.entries(weights).map(([limit, weight]) => room[limit] / weight);
    const rise = Math.max(0, Math.min(...levels, ...rises));
    for (const i of open) {
      rates[i] += tasks[i].weight * rise;
      for (const limit of tasks[i].within) room[limit] -= tasks[i].weight * rise;
    }
    const isFull = (limit) => room[limit] <= 1e-9 * Math.max(1, limits[limit]);
    for (const i of open) {
      if (rates[i] >= tasks[i].most - 1e-12 || tasks[i].within.some(isFull)) open.delete(i);
    }
  }
  return rates;
}

/**
 * How much of a machine each group should have. What sleeps asks for what it had; kernel threads take theirs first.
 *
 * @param {import('./scenario.mjs').Group[]} groups
 * @param {import('./scenario.mjs').Outcome} outcome
 * @param {number} cpus
 * @param {(group: import('./scenario.mjs').Group) => { weight?: number, within?: string[] }} [more] what cgroups make of a group
 * @param {Record<string, number>} [limits] of cgroups
 * @returns {Record<string, number>} CPUs, by group
 */
export function idealOf(groups, outcome, cpus, more = () => ({}), limits = {}) {
  const hadCpus = (i) => outcome.groups[i].cpuNs / outcome.ns;
  const tasks = groups.flatMap((group, i) => {
    const count = group.count ?? 1;
    const { weight = weightOf(group), within = [] } = more(group);
    return Array.from({ length: count }, (_, n) => ({
      group: group.name,
      weight,
      most: asksForAll(group) ? 1 : hadCpus(i) / count,
      within: [
        'machine',
        ...within,
        ...(group.cpus ? [`cpu ${group.cpus[n % group.cpus.length]}`] : []),
      ],
    }));
  });
  const kernel = outcome.kernelThreads.cpuNs / outcome.ns;
  const all = { machine: cpus - kernel, ...limits };
  for (let cpu = 0; cpu < cpus; cpu++) all[`cpu ${cpu}`] = 1 - kernel / cpus;
  const ideal = {};
  idealRates(tasks, all).forEach((rate, i) => {
    ideal[tasks[i].group] = (ideal[tasks[i].group] ?? 0) + rate;
  });
  return ideal;
}
