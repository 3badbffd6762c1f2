// Capacity at a service level objective (SLO), from one run's staircase of loads: the highest rate up to which p99 holds.

/**
 * @typedef {object} Capacity
 * @property {number} rate requests a second
 * @property {'below' | 'exact' | 'above'} bound below: it is at most this, the lowest rate of the staircase broke the SLO; above: at least this, the
 *   highest one held it
 */

/**
 * Between the last rate that holds and the first that does not, the rate is interpolated: linear in the logarithm of p99, which grows by
 * powers when queues form. A rate above one that broke the SLO does not count, even if it holds.
 *
 * @param {{ rate: number, p99: number }[]} steps by rising rate; p99 in ms, infinite if requests were not answered
 * @param {number} sloMs
 * @returns {Capacity}
 */
export function capacityAt(steps, sloMs) {
  const broken = steps.findIndex(({ p99 }) => !(p99 <= sloMs));
  if (broken === -1) return { rate: steps.at(-1).rate, bound: 'above' };
  if (broken === 0) return { rate: steps[0].rate, bound: 'below' };
  const [held, broke] = [steps[broken - 1], steps[broken]];
  const part = Number.isFinite(broke.p99)
    ? Math.log(sloMs / held.p99) / Math.log(broke.p99 / held.p99)
    : 0;
  return { rate: held.rate + part * (broke.rate - held.rate), bound: 'exact' };
}

/** What is known of a / b: 'exact', 'atLeast', 'atMost', or 'unknown'. @param {Capacity} a @param {Capacity} b */
export function boundOfRatio(a, b) {
  const most = a.bound === 'below' || b.bound === 'above';
  const least = a.bound === 'above' || b.bound === 'below';
  if (most && least) return 'unknown';
  if (most) return 'atMost';
  return least ? 'atLeast' : 'exact';
}
