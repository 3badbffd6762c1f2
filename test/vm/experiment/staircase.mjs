// Capacity at a service level objective (SLO), from one run's staircase of loads: the highest rate up to which p99 holds.

import { atLeast, atMost } from './order-statistics.mjs';

/**
 * Between the last rate that holds and the first that does not, the rate is interpolated: linear in the logarithm of p99, which grows by
 * powers when queues form. A rate above one that broke the SLO does not count, even if it holds.
 *
 * @param {{ rate: number, p99: import('./order-statistics.mjs').Range }[]} steps by rising rate; p99 in ms. It is a bound only above any SLO
 * @param {number} sloMs
 * @returns {import('./order-statistics.mjs').Range} requests a second. A bound, if the lowest rate broke the SLO or the highest held it
 */
export function capacityAt(steps, sloMs) {
  const broken = steps.findIndex(({ p99 }) => p99.least > sloMs);
  if (broken === -1) return atLeast(steps.at(-1).rate);
  if (broken === 0) return atMost(steps[0].rate);
  const [held, broke] = [steps[broken - 1], steps[broken]];
  const until = (p99) => {
    const part = Math.log(sloMs / held.p99.least) / Math.log(p99 / held.p99.least);
    return held.rate + part * (broke.rate - held.rate);
  };
  return { least: until(broke.p99.most), most: until(broke.p99.least) };
}
