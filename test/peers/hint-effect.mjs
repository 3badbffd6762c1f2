// What hints bring, from pairs of runs: for each measure the ratio off / on with its interval over pairs, and what each arm took.

import { estimateRatio, median, quantile } from '../vm/experiment/statistics.mjs';

/**
 * One run of an app, as guest/off-on.mjs measures it.
 *
 * @typedef {object} Run
 * @property {number[]} latencies ms from when each request was due to its answer
 * @property {number[]} lateness ms by which the client sent each too late
 * @property {number[]} full ms of each full collection while it served
 * @property {number[]} young ms of each young collection
 * @property {number} hogCpus that the hogs had
 *
 * @typedef {{ off: Run, on: Run }} Pair
 * @typedef {{ value: number, low: number, high: number }} Estimate 95 %: Student's t, of the logarithms of the ratios within each pair
 * @typedef {{ off: number, on: number, each: number[], ratio: Estimate }} Effect medians over runs; off / on of each pair and of all:
 *   above 1, hints made it less
 */

/** What is taken from one run: a number. @type {Record<string, { title: string, of: (run: Run) => number }>} */
export const MEASURES = {
  full: { title: 'full collection', of: ({ full }) => median(full) },
  young: { title: 'young collection', of: ({ young }) => median(young) },
  p50: { title: 'request, p50', of: ({ latencies }) => median(latencies) },
  p99: { title: 'request, p99', of: ({ latencies }) => quantile(latencies, 0.99) },
  hogs: { title: 'CPUs of the hogs', of: ({ hogCpus }) => hogCpus },
};

/** @param {Pair[]} pairs @returns {Record<keyof typeof MEASURES, Effect>} */
export function effects(pairs) {
  return Object.fromEntries(
    Object.entries(MEASURES).map(([name, { of }]) => {
      const values = (arm) => pairs.map((pair) => of(pair[arm]));
      const [off, on] = [values('off'), values('on')];
      const each = off.map((value, i) => value / on[i]);
      return [name, { off: median(off), on: median(on), each, ratio: estimateRatio(each) }];
    }),
  );
}

/** Off / on of all pairs of several rows. @param {Effect[]} found the same measure of each */
export const pooled = (found) => estimateRatio(found.flatMap(({ each }) => each));

/** @param {Estimate} estimate one pair has no interval */
export const withInterval = ({ value, low, high }) =>
  low === null || Number.isNaN(low)
    ? value.toFixed(2)
    : `${value.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

/** One line for people. @param {ReturnType<typeof effects>} found */
export const inWords = (found) =>
  Object.entries(MEASURES)
    .map(([name, { title }]) => `${title} ${withInterval(found[name].ratio)}`)
    .join(', ');
