// What is kept of one run: a line of figures for each step of its staircase. All tables and intervals are made of these.

import { median, quantile } from './statistics.mjs';

/**
 * @typedef {object} Step
 * @property {number} rate requests a second for each service
 * @property {number | null} p50 @property {number | null} p99 ms; null: so many were not answered
 * @property {number | null} collection ms, the median; null: none began
 * @property {number} urgent CPUs that the services had but for background workers: serving and collecting
 * @property {number} background CPUs that background workers and batch jobs had
 * @property {number} idle CPUs that were idle
 * @property {number} switches of the machine, in a second
 * @property {number} seenLate ms that a client did not run while a request was due, at most
 *
 * @typedef {object} Run
 * @property {number | null} alone ms of a full collection under load while no background work ran; null: none is asked for
 * @property {number} perRequest CPU time of a request, ms, while nothing else ran
 * @property {number} perCollection CPU time of a full collection, ms, of all threads
 * @property {Step[]} steps
 */

const sum = (values) => values.reduce((total, one) => total + one, 0);

/** An unanswered request took longer than all that were. */
const inFull = (latencies) => latencies.map((ms) => ms ?? Number.POSITIVE_INFINITY);
/** JSON has no infinity. */
const orNull = (ms) => (Number.isFinite(ms) ? ms : null);

/** @param {any} measured by guest/measure.mjs @returns {Run} */
export function digestOf({ services, steps }) {
  return {
    alone: median(services.flatMap(({ alone }) => alone)) ?? null,
    perRequest: median(services.map(({ perRequest }) => perRequest)),
    perCollection: median(services.map(({ perCollection }) => perCollection)),
    // The first is the warm-up.
    steps: steps.slice(1).map((step, i) => {
      const of = (what) => services.flatMap((service) => service.steps[i + 1][what]);
      const latencies = inFull(of('latencies'));
      const collections = of('collections');
      const reports = sum(of('reports')) / step.ms;
      const background = sum(step.services.map((one) => one.background)) + reports;
      return {
        rate: step.rate,
        p50: orNull(quantile(latencies, 0.5)),
        p99: orNull(quantile(latencies, 0.99)),
        collection: collections.length > 0 ? median(collections) : null,
        urgent: sum(step.services.map((one) => one.all)) - background,
        background: background + sum(step.hogs),
        idle: step.idle,
        switches: (step.switches / step.ms) * 1000,
        seenLate: Math.max(...services.map((service) => service.steps[i + 1].seenLate)),
      };
    }),
  };
}
