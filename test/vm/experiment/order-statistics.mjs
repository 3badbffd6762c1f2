// Medians of runs and their intervals, of figures of which some are known as bounds only: a capacity above the last rate of the staircase, the latency
// of a request that was not answered. Only the order of the runs counts, so a bound is no special case, and one odd run moves little.

import { quantile } from './statistics.mjs';

/**
 * What is known of a figure: it lies between these.
 *
 * @typedef {object} Range
 * @property {number} least
 * @property {number} most
 */

/** @param {number} value @returns {Range} */
export const exactly = (value) => ({ least: value, most: value });
/** @param {number} value @returns {Range} */
export const atLeast = (value) => ({ least: value, most: Number.POSITIVE_INFINITY });
/** @param {number} value @returns {Range} */
export const atMost = (value) => ({ least: 0, most: value });

/** Of positive figures. @param {Range} a @param {Range} b @returns {Range} */
export const quotient = (a, b) => ({ least: a.least / b.most, most: a.most / b.least });

/**
 * The rank, from both ends, of the ordered values between which the median lies with 95 % or more, whatever their distribution: 2 of nine (96 %). 0:
 * there are too few.
 *
 * @param {number} n
 */
export function rankOfInterval(n) {
  // Below the median are k of n values as often as a coin shows k heads.
  let ways = 1;
  let below = 0;
  for (let rank = 0; ; rank++) {
    below += ways / 2 ** n;
    if (2 * below > 0.05) return rank;
    ways = (ways * (n - rank)) / (rank + 1);
  }
}

/**
 * The median, and an interval: at least 95 % by rankOfInterval(), or from the lowest to the highest where there are too few values for that.
 *
 * @typedef {Range & { interval: Range, count: number }} Median
 * @param {Range[]} ranges one of each run
 * @returns {Median | null} null: of no runs
 */
export function medianOf(ranges) {
  const count = ranges.length;
  if (count === 0) return null;
  const rank = Math.max(1, rankOfInterval(count));
  const sorted = (values) => values.sort((a, b) => a - b);
  const [leasts, mosts] = [
    sorted(ranges.map(({ least }) => least)),
    sorted(ranges.map(({ most }) => most)),
  ];
  return {
    least: quantile(leasts, 0.5),
    most: quantile(mosts, 0.5),
    interval: { least: leasts[rank - 1], most: mosts[count - rank] },
    count,
  };
}
