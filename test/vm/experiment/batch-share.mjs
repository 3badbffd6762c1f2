// Fair shares, and whether an arm left the background work its own: an arm that takes from it is shown, and not compared with.

/** Part of what background work has under the kernel's default that it must have had, for an arm to count. */
const ADMISSIBLE = 0.95;

/**
 * Max-min: everybody gets what they ask for, up to an equal part of what is left by those who ask for less.
 *
 * @param {number} cpus that there are for all
 * @param {number[]} demands CPUs that each would use alone
 * @returns {number[]} CPUs of each
 */
export function fairShares(cpus, demands) {
  const order = demands.map((demand, i) => ({ demand, i })).sort((a, b) => a.demand - b.demand);
  const shares = demands.map(() => 0);
  let left = cpus;
  for (const [taken, { demand, i }] of order.entries()) {
    shares[i] = Math.min(demand, left / (order.length - taken));
    left -= shares[i];
  }
  return shares;
}

/**
 * The share of what serves: services and hogs are groups of equal weight, and a service's group is shared by its main thread and its
 * background threads.
 *
 * @param {{ cpus: number, services: number, hogs: number, background: number }} sharers `background`: threads of all services
 * @returns {number} CPUs that the main thread of one service may have
 */
export function shareOfServing({ cpus, services, hogs, background }) {
  const threads = background / services;
  const groups = Array(services).fill(1 + threads);
  const [group] = fairShares(cpus, hogs > 0 ? [...groups, hogs] : groups);
  return fairShares(group, [1, ...Array(threads).fill(1)])[0];
}

/** @param {number} part of the CPU time that background work has under the kernel's default */
export const isAdmissible = (part) => part >= ADMISSIBLE;
