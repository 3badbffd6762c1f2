import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idealOf, idealRates, weightOf } from './ideal.mjs';

const hog = (weight: number, ...within: string[]) => ({
  weight,
  most: 1,
  within: ['machine', ...within],
});

test('what is left by one that asks for little is the others', () => {
  const tasks = [hog(1), hog(1), hog(2), { weight: 1, most: 0.1, within: ['machine'] }];
  const [first, second, double, little] = idealRates(tasks, { machine: 2 });
  expect(little).toBeCloseTo(0.1, 9);
  expect(first).toBeCloseTo(1.9 / 4, 9);
  expect(second).toBeCloseTo(first!, 9);
  expect(double).toBeCloseTo(0.95, 9);
});

test('no task has more than one CPU, and those on one CPU share it', () => {
  expect(idealRates([hog(100), hog(1)], { machine: 2 })).toEqual([1, 1]);
  const pinned = idealRates([hog(1, 'cpu 0'), hog(3, 'cpu 0'), hog(1)], { machine: 2, 'cpu 0': 1 });
  expect(pinned[0]).toBeCloseTo(0.25, 9);
  expect(pinned[1]).toBeCloseTo(0.75, 9);
  expect(pinned[2]).toBeCloseTo(1, 9);
});

test("the kernel's weights", () => {
  expect(weightOf({})).toBe(1);
  expect(weightOf({ nice: -5 })).toBeCloseTo(3.05, 2);
  expect(weightOf({ nice: 19 })).toBeCloseTo(0.0146, 4);
  expect(weightOf({ nice: 19, policy: 'idle' })).toBeCloseTo(0.0029, 4);
});

/** Tasks within some of four CPUs' and cgroups' limits. */
const machines = fc.record({
  tasks: fc.array(
    fc.record({
      weight: fc.double({ min: 0.003, max: 90, noNaN: true }),
      most: fc.double({ min: 0.001, max: 1, noNaN: true }),
      cpu: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      cgroup: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  quotas: fc.tuple(...[0, 1, 2].map(() => fc.double({ min: 0.01, max: 4, noNaN: true }))),
});

test('max-min: no task above its limits, and one that has less than it asks for stands at a full one, as high as any there', () => {
  fc.assert(
    fc.property(machines, ({ tasks, quotas }) => {
      const limits: Record<string, number> = { machine: 4 };
      for (const cpu of [0, 1, 2, 3]) limits[`cpu ${cpu}`] = 1;
      quotas.forEach((quota, i) => {
        limits[`cgroup ${i}`] = quota;
      });
      const all = tasks.map(({ weight, most, cpu, cgroup }) => ({
        weight,
        most,
        within: [
          'machine',
          ...(cpu === undefined ? [] : [`cpu ${cpu}`]),
          ...(cgroup === undefined ? [] : [`cgroup ${cgroup}`]),
        ],
      }));
      const rates = idealRates(all, limits);
      const inside = (limit: string) =>
        [...all.keys()].filter((i) => all[i]!.within.includes(limit));
      const used = (limit: string) => inside(limit).reduce((sum, i) => sum + rates[i]!, 0);
      for (const limit of Object.keys(limits))
        expect(used(limit)).toBeLessThanOrEqual(limits[limit]! + 1e-6);
      all.forEach(({ weight, most, within }, i) => {
        expect(rates[i]).toBeLessThanOrEqual(most + 1e-9);
        if (rates[i]! > most - 1e-6) return;
        const isHighest = (limit: string) =>
          inside(limit).every(
            (j) => rates[j]! / all[j]!.weight <= (rates[i]! / weight) * (1 + 1e-6),
          );
        const full = within.filter((limit) => used(limit) > limits[limit]! - 1e-6);
        expect(full.some(isHighest)).toBe(true);
      });
    }),
  );
});

test('the ideal of groups: sleepers have what they had, kernel threads are first', () => {
  const groups = [
    { name: 'hogs', count: 4 },
    { name: 'low', count: 1, nice: 5 },
    { name: 'sleepers', kind: 'sleeper' as const, count: 2 },
  ];
  const had = (name: string, cpuNs: number) => ({
    name,
    count: 1,
    cpuNs,
    iterations: 0,
    wakeups: 0,
    longestNs: 0,
    tasks: [],
    lateUs: [],
    throttledNs: 0,
    grantedNs: 0,
    refused: 0,
  });
  const outcome = {
    ns: 1e9,
    exitNs: 0,
    kernelThreads: { cpuNs: 1e8, waitNs: 0, turns: 0 },
    groups: [had('hogs', 0), had('low', 0), had('sleepers', 2e8)],
    cpuStats: {},
  };
  const ideal = idealOf(groups, outcome, 2);
  expect(ideal.sleepers).toBeCloseTo(0.2, 9);
  expect(ideal.hogs! + ideal.low! + ideal.sleepers!).toBeCloseTo(1.9, 9);
  expect(ideal.low! / ideal.hogs!).toBeCloseTo(335 / 4096, 9);
});
