// The arithmetic of the experiment: intervals, the staircase, background work's part, and what is compared with what.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from './digest.mjs';
import { medianText, valueText } from './median-text.mjs';
import {
  atLeast,
  atMost,
  exactly,
  medianOf,
  quotient,
  type Range,
  rankOfInterval,
} from './order-statistics.mjs';
import { capacityAt } from './staircase.mjs';
import { estimate, estimateRatio, quantile } from './statistics.mjs';
import { summarize } from './summary.mjs';

test('a mean has the interval of Student: of 1 to 5, 3 and 2.776 standard errors to each side', () => {
  const { value, low, high } = estimate([1, 2, 3, 4, 5]);
  const half = 2.776 * Math.sqrt(2.5 / 5);
  expect(value).toBe(3);
  expect(low).toBeCloseTo(3 - half, 10);
  expect(high).toBeCloseTo(3 + half, 10);
});

test('a ratio and its inverse say the same, and one run has no interval', () => {
  const ratios = [1.2, 2.5, 1.9];
  const one = estimateRatio(ratios);
  const inverse = estimateRatio(ratios.map((ratio) => 1 / ratio));
  expect(one.value * inverse.value).toBeCloseTo(1, 10);
  expect(one.low * inverse.high).toBeCloseTo(1, 10);
  expect(estimateRatio([2])).toEqual({ value: 2, low: Number.NaN, high: Number.NaN });
});

test('a quantile among requests that were not answered is infinite, and no NaN', () => {
  const some = [1, 2, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  expect(quantile(some, 0.5)).toBe(3);
  expect(quantile(some, 0.6)).toBe(Number.POSITIVE_INFINITY);
  expect(quantile(some, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('the interval of a median has the ranks of the tables: none below six values, the second of nine', () => {
  expect([1, 5, 6, 8, 9, 11, 12, 20].map(rankOfInterval)).toEqual([0, 0, 1, 1, 2, 2, 3, 6]);
});

test('it covers the median of any distribution in 95 % of samples or more', () => {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const covers = Array.from({ length: 4000 }, () => {
    const runs = Array.from({ length: 9 }, () => exactly(Math.exp(6 * random() ** 3)));
    const { interval } = medianOf(runs)!;
    const truth = Math.exp(6 * 0.5 ** 3);
    return interval.least <= truth && truth <= interval.most;
  });
  expect(covers.filter(Boolean).length / covers.length).toBeGreaterThan(0.95);
});

test('a bound stays one: whatever the figures are, the median of what is known holds theirs', () => {
  const figure = fc.record({
    value: fc.double({ min: 0.01, max: 1000, noNaN: true }),
    below: fc.double({ min: 0, max: 1, noNaN: true }),
    above: fc.constantFrom(1, 1.5, Number.POSITIVE_INFINITY),
  });
  fc.assert(
    fc.property(fc.array(figure, { minLength: 1, maxLength: 12 }), (figures) => {
      const known = figures.map(
        ({ value, below, above }): Range => ({ least: value * below, most: value * above }),
      );
      const [truth, found] = [
        medianOf(figures.map(({ value }) => exactly(value)))!,
        medianOf(known)!,
      ];
      expect(found.least).toBeLessThanOrEqual(truth.least);
      expect(found.most).toBeGreaterThanOrEqual(truth.most);
      expect(found.interval.least).toBeLessThanOrEqual(truth.interval.least);
      expect(found.interval.most).toBeGreaterThanOrEqual(truth.interval.most);
      expect(medianText(found)).not.toMatch(/NaN|Infinity|undefined/);
    }),
  );
});

test('a quotient of bounds is the bound that follows', () => {
  expect(quotient(exactly(6), exactly(2))).toEqual(exactly(3));
  expect(quotient(atLeast(6), exactly(2))).toEqual(atLeast(3));
  expect(quotient(exactly(6), atMost(2))).toEqual(atLeast(3));
  expect(quotient(atMost(6), exactly(2))).toEqual(atMost(3));
  expect(quotient(exactly(6), atLeast(2))).toEqual(atMost(3));
  expect(quotient(atLeast(6), atLeast(2))).toEqual({ least: 0, most: Number.POSITIVE_INFINITY });
});

test('figures are printed with what is known of them', () => {
  const texts = (...ranges: Range[]) => medianText(medianOf(ranges));
  expect(texts(exactly(2))).toBe('2.00');
  expect(texts(exactly(2), exactly(20), exactly(200))).toBe('20.0 (2.00-200)');
  expect(texts(exactly(2), atLeast(3), atLeast(4))).toBe('>= 3.00 (>= 2.00)');
  expect(texts(atMost(2), atMost(3), exactly(4))).toBe('<= 3.00 (<= 4.00)');
  expect(texts(exactly(2), exactly(3), atLeast(4))).toBe('3.00 (>= 2.00)');
  expect(texts(quotient(atLeast(1), atLeast(1)))).toBe('not known');
  expect(medianText(null)).toBe('-');
});

const stairs = (...p99s: number[]) =>
  p99s.map((p99, i) => ({ rate: 100 * (i + 1), p99: exactly(p99) }));

test('capacity lies between the last load that holds and the first that does not', () => {
  expect(capacityAt(stairs(10, 50, 200), 100)).toEqual(exactly(250));
  expect(capacityAt(stairs(10, 100, 200), 100)).toEqual(exactly(200));
});

test('a step that was not answered gives what is left between the two', () => {
  const steps = [...stairs(50), { rate: 200, p99: atLeast(200) }];
  expect(capacityAt(steps, 100)).toEqual({ least: 100, most: 150 });
});

test('a load that holds above one that did not counts for nothing', () => {
  expect(capacityAt(stairs(10, 1000, 10), 100)).toEqual(exactly(150));
});

test('a staircase that never breaks, or breaks at its first step, gives a bound', () => {
  expect(capacityAt(stairs(10, 20), 100)).toEqual(atLeast(200));
  expect(capacityAt(stairs(110, 120), 100)).toEqual(atMost(100));
});

/** A run whose p99 is so many ms at 100, 200 and 300 requests a second; null: not answered. */
const run = (p99s: (number | null)[], background = 1.4, urgent = 0.4) => ({
  alone: 40,
  perRequest: 0.5,
  perCollection: 50,
  steps: p99s.map((p99, i) => ({
    rate: 100 * (i + 1),
    ...{ p50: 1, p99, collection: 40, urgent, background, idle: 0 },
    ...{ switches: 1000, seenLate: 0 },
  })),
});
const RULES = { rate: 200, slos: [200, 100, 400], share: 1 / 2, answerMs: 5000 };

test('runs are compared by their number: one that is slower in every arm changes no ratio', () => {
  const { offOn } = summarize(
    {
      off: { 1: run([100, 150, 800]), 2: run([50, 75, 400]), 3: run([80, 100, 200]) },
      on: {
        1: run([50, 75, 400]),
        2: run([25, 37.5, 200]),
        3: run([40, 50, 100]),
        4: run([1, 1, 1]),
      },
    },
    [],
    RULES,
  );
  expect(offOn!.p99).toEqual({ ...exactly(0.5), interval: exactly(0.5), count: 3 });
});

test('latencies are those at one rate, and capacity is of all', () => {
  const { arms } = summarize({ on: { 1: run([10, 20, 300]) } }, [], RULES);
  expect(valueText(arms.on!.p99)).toBe('20.0');
  expect(valueText(arms.on!.capacity[400]!)).toBe('>= 300');
  expect(valueText(arms.on!.capacity[200]!)).toBe('285');
});

test('requests that were not answered give bounds, and one run with some does not decide', () => {
  const on = { 1: run([10, null]), 2: run([10, 20]), 3: run([10, 40]) };
  const off = { 1: run([10, 100]), 2: run([10, null]), 3: run([10, 100]) };
  const { arms, offOn } = summarize({ on, off }, [], RULES);
  expect(medianText(arms.on!.p99)).toBe('40.0 (>= 20.0)');
  expect(medianText(offOn!.p99)).toBe('0.40');
  expect(offOn!.p99!.interval).toEqual({ least: 0, most: Number.POSITIVE_INFINITY });
});

test('the best alternatives are those with the most capacity, and with the lowest p99', () => {
  const arms = {
    on: { 1: run([10, 20, 30]) },
    default: { 1: run([150, 170, 900]) },
    lavd: { 1: run([150, 160, 2000]) },
  };
  const { best, rivals } = summarize(arms, ['default', 'lavd', 'levers'], RULES);
  expect(best).toEqual({ capacity: 'default', p99: 'lavd' });
  expect(Object.keys(rivals)).toEqual(['default', 'lavd']);
  expect(valueText(rivals.default!.capacity[200]!)).toMatch(/^>= /);
});

test('background work at the capacity is that of the nearest rate, as a part of its fair share', () => {
  const one = run([10, 190, 900]);
  one.steps[1]!.background = 0.8;
  one.steps[1]!.urgent = 1.2;
  const { atCapacity } = summarize({ on: { 1: one } }, [], RULES).arms.on!;
  expect(atCapacity.rate).toBe(200);
  expect(valueText(atCapacity.ofFairShare)).toBe('0.80');
  const never = summarize({ on: { 1: run([300, 300, 300]) } }, [], RULES).arms.on!;
  expect(never.atCapacity.rate).toBe(100);
});

test('a digest leaves the warm-up out and counts reports of the pool as background work', () => {
  const step = {
    seenLate: 1.5,
    latencies: [5, null],
    collections: [],
    reports: Array(50).fill(20),
  };
  const measured = {
    services: [{ alone: [40], perRequest: 1, perCollection: 50, steps: [step, step] }],
    steps: [
      { rate: 10, ms: 1000, switches: 0, idle: 0, hogs: [], services: [] },
      {
        rate: 20,
        ms: 2000,
        switches: 500,
        idle: 0.1,
        hogs: [0.5],
        services: [{ main: 0.2, background: 0.1, all: 1.4 }],
      },
    ],
  };
  const { steps } = digestOf(measured);
  expect(steps).toHaveLength(1);
  expect(steps[0]).toMatchObject({
    rate: 20,
    p99: null,
    collection: null,
    switches: 250,
    idle: 0.1,
    seenLate: 1.5,
  });
  expect(steps[0]!.background).toBeCloseTo(0.5 + 0.1 + 0.5, 10);
  expect(steps[0]!.urgent).toBeCloseTo(1.4 - 0.6, 10);
});
