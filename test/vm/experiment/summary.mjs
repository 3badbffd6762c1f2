// From the kept figures of all runs to what the page says: for each scenario and arm the latencies by load, the capacity, what collections and
// background work had; and ratios between arms, of the runs with the same number.

import { atLeast, exactly, medianOf, quotient } from './order-statistics.mjs';
import { capacityAt } from './staircase.mjs';
import { median } from './statistics.mjs';

/** @typedef {import('./digest.mjs').Run} Run */
/** @typedef {import('./order-statistics.mjs').Range} Range */

/**
 * How one scenario is judged.
 *
 * @typedef {object} Rules
 * @property {number} rate at which arms are compared, and up to which collections are
 * @property {number[]} slos ms that p99 may be
 * @property {number} share of all CPU time that background work has a right to
 * @property {number} answerMs after the last request, until one counts as unanswered
 */

/** One that was not answered took at least so long. */
const latency = (ms, answerMs) => (ms === null ? atLeast(answerMs) : exactly(ms));

/**
 * Of one run: what is compared.
 *
 * @param {Run} run
 * @param {Rules} rules
 */
export function figuresOf(run, { rate, slos, share, answerMs }) {
  const judged = run.steps.filter((step) => step.rate <= rate);
  const collections = judged.flatMap(({ collection }) => collection ?? []);
  const steps = run.steps.map(({ rate, p99 }) => ({ rate, p99: latency(p99, answerMs) }));
  return {
    steps: run.steps.map((step) => ({
      rate: step.rate,
      p50: latency(step.p50, answerMs),
      p99: latency(step.p99, answerMs),
      background: exactly(step.background),
      ofFairShare: exactly(step.background / share / (step.background + step.urgent + step.idle)),
    })),
    p50: latency(judged.at(-1).p50, answerMs),
    p99: latency(judged.at(-1).p99, answerMs),
    ...(collections.length > 0 && { collection: exactly(median(collections) / run.alone) }),
    switches: exactly(median(judged.map(({ switches }) => switches))),
    capacity: Object.fromEntries(slos.map((slo) => [slo, capacityAt(steps, slo)])),
  };
}

/** @typedef {Record<string, ReturnType<typeof figuresOf>>} Figures by the run's number */

/** The median of one figure over runs. @param {Figures} figures @param {(one: Figures[string]) => Range | undefined} of */
const over = (figures, of) => medianOf(Object.values(figures).flatMap((one) => of(one) ?? []));

/** a / b of the runs of the same number, which had the same requests. @param {Figures} a @param {Figures} b */
function ratio(a, b, of) {
  const numbers = Object.keys(a).filter((number) => number in b && of(a[number]) && of(b[number]));
  return medianOf(numbers.map((number) => quotient(of(a[number]), of(b[number]))));
}

/**
 * @template {string | number} Key
 * @template Value
 * @param {Key[]} keys
 * @param {(key: Key) => Value} of
 * @returns {Record<Key, Value>}
 */
const byKey = (keys, of) => Object.fromEntries(keys.map((key) => [key, of(key)]));
const stepsOf = (figures) => Object.values(figures)[0].steps;

/** The step whose rate is nearest to a capacity. @param {any[]} steps @param {Range} capacity */
function nearestTo(steps, { least, most }) {
  const rate = Number.isFinite(most) && least > 0 ? (least + most) / 2 : least;
  return steps.reduce((best, step) =>
    Math.abs(step.rate - rate) < Math.abs(best.rate - rate) ? step : best,
  );
}

/** One arm of a scenario. @param {Figures} figures @param {number[]} slos */
function armOf(figures, slos) {
  const of = (what) => over(figures, (one) => one[what]);
  const curve = stepsOf(figures).map(({ rate }, i) => ({
    rate,
    p50: over(figures, ({ steps }) => steps[i].p50),
    p99: over(figures, ({ steps }) => steps[i].p99),
    background: over(figures, ({ steps }) => steps[i].background),
    ofFairShare: over(figures, ({ steps }) => steps[i].ofFairShare),
  }));
  const capacity = byKey(slos, (slo) => over(figures, ({ capacity }) => capacity[slo]));
  return {
    runs: Object.keys(figures).length,
    ...{ p50: of('p50'), p99: of('p99'), collection: of('collection'), switches: of('switches') },
    capacity,
    atCapacity: nearestTo(curve, capacity[slos[0]]),
    curve,
  };
}

/** What one arm is to another: a / b. @param {Figures} a @param {Figures} b @param {number[]} slos */
const compared = (a, b, slos) => ({
  ...byKey(['p50', 'p99', 'collection'], (what) => ratio(a, b, (one) => one[what])),
  capacity: byKey(slos, (slo) => ratio(a, b, ({ capacity }) => capacity[slo])),
  curve: stepsOf(a).map(({ rate }, i) => ({
    rate,
    ...byKey(['p99', 'background'], (what) => ratio(a, b, ({ steps }) => steps[i][what])),
  })),
});

/**
 * One scenario.
 *
 * @param {Record<string, Record<string, Run>>} arms by name and number
 * @param {string[]} rivals arms without hints, which those with hints are compared with
 * @param {Rules} rules
 */
export function summarize(arms, rivals, rules) {
  const { slos } = rules;
  const figures = Object.fromEntries(
    Object.entries(arms).map(([name, runs]) => [
      name,
      Object.fromEntries(
        Object.entries(runs).map(([number, run]) => [number, figuresOf(run, rules)]),
      ),
    ]),
  );
  const found = Object.fromEntries(
    Object.entries(figures).map(([name, all]) => [name, armOf(all, slos)]),
  );
  const { on, off } = figures;
  const others = rivals.filter((name) => name in found);
  const capacity = (name) => found[name].capacity[slos[0]].least;
  const p99 = (name) => found[name].p99.least;
  return {
    arms: found,
    offOn: off && on ? compared(on, off, slos) : null,
    // Hints on / each of these.
    rivals: on ? byKey(others, (name) => compared(on, figures[name], slos)) : {},
    best: {
      capacity: others.toSorted((a, b) => capacity(b) - capacity(a) || p99(a) - p99(b))[0],
      p99: others.toSorted((a, b) => p99(a) - p99(b))[0],
    },
  };
}
