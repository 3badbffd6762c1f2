// From the kept figures of all runs to what the page says: for each scenario and arm the latencies by load, the capacity, what collections and
// background work had; and ratios between arms, of the runs with the same number, with their intervals.

import { boundOfRatio, capacityAt } from './staircase.mjs';
import {
  estimate as estimateOfAny,
  mean,
  median,
  estimateRatio as ratioOfAny,
} from './statistics.mjs';

/** Part of its fair share that an arm must leave background work, to be compared with: others are shown only. */
const ADMISSIBLE = 0.95;

/** The interval of two values is 18 standard errors wide: it says nothing. */
const LEAST = 3;

/** @typedef {import('./digest.mjs').Run} Run */

const withoutInterval = ({ value }) => ({ value, low: Number.NaN, high: Number.NaN });
const ofEnough = (make) => (values) =>
  values.length < LEAST ? withoutInterval(make(values)) : make(values);
const estimate = ofEnough(estimateOfAny);
const estimateRatio = ofEnough(ratioOfAny);

const finite = (ms) => ms ?? Number.POSITIVE_INFINITY;

/**
 * Of one run: the numbers that are compared.
 *
 * @param {Run} run
 * @param {number} rate at which latencies are, and up to which the rest is
 * @param {number[]} slos ms that p99 may be
 * @param {number} share of all CPU time that background work has a right to
 */
export function figuresOf(run, rate, slos, share) {
  const judged = run.steps.filter((step) => step.rate <= rate);
  const collections = judged.flatMap(({ collection }) => collection ?? []);
  const steps = run.steps.map(({ rate, p99 }) => ({ rate, p99: finite(p99) }));
  return {
    p50: finite(judged.at(-1).p50),
    p99: finite(judged.at(-1).p99),
    p999: finite(judged.at(-1).p999),
    collection: collections.length > 0 ? median(collections) / run.alone : Number.NaN,
    background: mean(judged.map((step) => step.background)),
    ofFairShare: mean(
      judged.map(
        ({ background, urgent, idle }) => background / share / (background + urgent + idle),
      ),
    ),
    switches: mean(judged.map((step) => step.switches)),
    capacity: Object.fromEntries(slos.map((slo) => [slo, capacityAt(steps, slo)])),
  };
}

/** a / b of the runs of the same number. */
function ratio(a, b, of) {
  const numbers = Object.keys(a).filter((number) => number in b);
  return estimateRatio(numbers.map((number) => of(a[number]) / of(b[number])));
}

function capacityRatio(a, b, slo) {
  const numbers = Object.keys(a).filter((number) => number in b);
  const bounds = numbers.map((n) => boundOfRatio(a[n].capacity[slo], b[n].capacity[slo]));
  const isAll = (allowed) => bounds.every((bound) => allowed.includes(bound));
  const bound = ['exact', 'atLeast', 'atMost'].find((one) => isAll(['exact', one])) ?? 'unknown';
  return { ...ratio(a, b, ({ capacity }) => capacity[slo].rate), bound };
}

/**
 * One arm of a scenario.
 *
 * @param {Record<string, Run>} runs by number
 * @param {Record<string, ReturnType<typeof figuresOf>>} figures of the same
 * @param {number} usual CPUs that background work has under the kernel's default
 * @param {number[]} slos
 */
function armOf(runs, figures, usual, slos) {
  const all = Object.values(figures);
  const of = (what) => estimateRatio(all.map((one) => one[what]));
  const background = estimate(all.map((one) => one.background / usual));
  return {
    figures,
    runs: all.length,
    ...{ p50: of('p50'), p99: of('p99'), p999: of('p999'), collection: of('collection') },
    ...{ switches: of('switches'), background },
    isAdmissible: mean(all.map(({ ofFairShare }) => ofFairShare)) >= ADMISSIBLE,
    capacity: Object.fromEntries(
      slos.map((slo) => {
        const bounds = new Set(all.map(({ capacity }) => capacity[slo].bound));
        bounds.delete('exact');
        const estimated = estimateRatio(all.map(({ capacity }) => capacity[slo].rate));
        return [
          slo,
          { ...estimated, bound: bounds.size > 1 ? 'mixed' : ([...bounds][0] ?? 'exact') },
        ];
      }),
    ),
    curve: Object.values(runs)[0].steps.map(({ rate }, i) => ({
      rate,
      background: mean(Object.values(runs).map(({ steps }) => steps[i].background)),
      p50: estimateRatio(Object.values(runs).map(({ steps }) => finite(steps[i].p50))),
      p99: estimateRatio(Object.values(runs).map(({ steps }) => finite(steps[i].p99))),
    })),
  };
}

/** What one arm is to another: p99 a / b, and capacity a / b. */
const compared = (a, b, slos) => ({
  p50: ratio(a.figures, b.figures, ({ p50 }) => p50),
  p99: ratio(a.figures, b.figures, ({ p99 }) => p99),
  p999: ratio(a.figures, b.figures, ({ p999 }) => p999),
  collection: ratio(a.figures, b.figures, ({ collection }) => collection),
  background: ratio(a.figures, b.figures, ({ background }) => background),
  capacity: Object.fromEntries(slos.map((slo) => [slo, capacityRatio(a.figures, b.figures, slo)])),
});

/**
 * One scenario.
 *
 * @param {Record<string, Record<string, Run>>} arms by name and number
 * @param {number} rate at which they are compared
 * @param {string[]} rivals arms without hints, of which the best is compared with
 * @param {number[]} slos ms that p99 may be: the best is the best at the first
 * @param {number} share of all CPU time that background work has a right to
 */
export function summarize(arms, rate, rivals, slos, share) {
  const figures = Object.fromEntries(
    Object.entries(arms).map(([name, runs]) => [
      name,
      Object.fromEntries(
        Object.entries(runs).map(([number, run]) => [number, figuresOf(run, rate, slos, share)]),
      ),
    ]),
  );
  const reference = Object.values(figures.default ?? figures.off ?? Object.values(figures)[0]);
  const usual = mean(reference.map(({ background }) => background));
  const found = Object.fromEntries(
    Object.entries(arms).map(([name, runs]) => [name, armOf(runs, figures[name], usual, slos)]),
  );
  const { off, on } = found;
  const best = rivals
    .filter((name) => found[name]?.isAdmissible)
    .sort((a, b) => found[b].capacity[slos[0]].value - found[a].capacity[slos[0]].value)[0];
  return {
    arms: found,
    offOn: off && on ? compared(on, off, slos) : null,
    best: best && on ? { name: best, ...compared(on, found[best], slos) } : null,
  };
}
