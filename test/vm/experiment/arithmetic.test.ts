// The arithmetic of the experiment: intervals, the staircase, background work's part, and what is compared with what.

import { expect, test } from 'vitest';
import { digestOf } from './digest.mjs';
import { boundOfRatio, type Capacity, capacityAt } from './staircase.mjs';
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

const stairs = (...p99s: number[]) => p99s.map((p99, i) => ({ rate: 100 * (i + 1), p99 }));

test('capacity lies between the last load that holds and the first that does not', () => {
  expect(capacityAt(stairs(10, 50, 200), 100)).toEqual({ rate: 250, bound: 'exact' });
  expect(capacityAt(stairs(10, 100, 200), 100)).toEqual({ rate: 200, bound: 'exact' });
  expect(capacityAt(stairs(10, 50, Number.POSITIVE_INFINITY), 100).rate).toBe(200);
});

test('a load that holds above one that did not counts for nothing', () => {
  expect(capacityAt(stairs(10, 1000, 10), 100).rate).toBe(150);
});

test('a staircase that never breaks, or breaks at its first step, gives a bound', () => {
  expect(capacityAt(stairs(10, 20), 100)).toEqual({ rate: 200, bound: 'above' });
  expect(capacityAt(stairs(110, 120), 100)).toEqual({ rate: 100, bound: 'below' });
  const [exact, above, below] = (['exact', 'above', 'below'] as const).map(
    (bound): Capacity => ({ rate: 1, bound }),
  );
  expect(boundOfRatio(exact!, exact!)).toBe('exact');
  expect(boundOfRatio(above!, exact!)).toBe('atLeast');
  expect(boundOfRatio(exact!, below!)).toBe('atLeast');
  expect(boundOfRatio(above!, below!)).toBe('atLeast');
  expect(boundOfRatio(below!, exact!)).toBe('atMost');
  expect(boundOfRatio(exact!, above!)).toBe('atMost');
  expect(boundOfRatio(above!, above!)).toBe('unknown');
});

/** A run whose p99 is so many ms at 100, 200 and 300 requests a second. */
const run = (p99s: number[], background = 1.4, urgent = 0.4) => ({
  alone: 40,
  perRequest: 0.5,
  perCollection: 50,
  steps: p99s.map((p99, i) => ({
    rate: 100 * (i + 1),
    ...{ p50: 1, p99, p999: p99, collection: 40, urgent, background, idle: 0 },
    ...{ switches: 1000, late: 0 },
  })),
});
const RATE = 200;
const SLOS = [200, 100, 400];
const SHARE = 1 / 2;

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
    RATE,
    [],
    SLOS,
    SHARE,
  );
  expect(offOn!.p99.value).toBeCloseTo(0.5, 10);
  expect(offOn!.p99.high).toBeCloseTo(0.5, 10);
});

test('two runs of an arm have no interval, three have one', () => {
  const on = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, run([10, 20 + i])]));
  const p99 = (count: number) => summarize({ on: on(count) }, RATE, [], SLOS, SHARE).arms.on!.p99;
  expect(p99(2)).toMatchObject({ low: Number.NaN, high: Number.NaN });
  expect(p99(3).high).toBeGreaterThan(p99(3).value);
});

test('latencies are those at one rate, and capacity is of all', () => {
  const { arms } = summarize({ on: { 1: run([10, 20, 300]) } }, RATE, [], SLOS, SHARE);
  expect(arms.on!.p99.value).toBeCloseTo(20, 10);
  expect(arms.on!.capacity[400]!.bound).toBe('above');
  expect(arms.on!.capacity[200]!.bound).toBe('exact');
});

test('an arm that leaves the background work less than its fair share is not the best alternative', () => {
  const arms = {
    on: { 1: run([10, 20, 30]) },
    default: { 1: run([150, 300, 900]) },
    lavd: { 1: run([10, 10, 10], 0.84, 0.96) }, // of 0.9
  };
  const found = summarize(arms, RATE, ['default', 'lavd'], SLOS, SHARE);
  expect(found.arms.lavd!.isAdmissible).toBe(false);
  const enough = summarize({ lavd: { 1: run([10], 0.87, 0.93) } }, RATE, [], SLOS, SHARE);
  expect(enough.arms.lavd!.isAdmissible).toBe(true);
  expect(found.best!.name).toBe('default');
  expect(found.best!.capacity[200]!.bound).toBe('atLeast');
});

test('a digest leaves the warm-up out and counts reports of the pool as background work', () => {
  const step = { late: [0, 0], latencies: [5, null], collections: [], reports: Array(50).fill(20) };
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
  });
  expect(steps[0]!.background).toBeCloseTo(0.5 + 0.1 + 0.5, 10);
  expect(steps[0]!.urgent).toBeCloseTo(1.4 - 0.6, 10);
});
