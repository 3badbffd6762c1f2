import { expect, test } from 'vitest';
import { effects, inWords, pooled, withInterval } from './hint-effect.mjs';

/** A run in which everything takes so many ms, the slowest 2 of 100 requests ten times as long. */
const run = (ms: number, hogCpus = 1.5) => ({
  latencies: Array.from({ length: 100 }, (_, i) => (i < 98 ? ms : 10 * ms)),
  lateness: [0],
  full: [ms, 3 * ms, 2 * ms],
  young: [ms, ms, ms],
  hogCpus,
});

test('each pair is compared with itself: a slower pair changes no ratio', () => {
  const found = effects([1, 5, 9].map((slower) => ({ off: run(4 * slower), on: run(2 * slower) })));
  for (const name of ['full', 'young', 'p50', 'p99']) {
    expect(found[name]!.ratio.value).toBeCloseTo(2, 10);
    expect(found[name]!.ratio.high).toBeCloseTo(2, 10);
  }
  expect(found.hogs!.ratio.value).toBeCloseTo(1, 10);
  expect(found.full!).toMatchObject({ off: 40, on: 20 }); // the median of each run, of the middle run
});

test('pairs that disagree have an interval around their mean', () => {
  const { ratio } = effects([1.5, 2, 2.5].map((by) => ({ off: run(by), on: run(1) }))).p99!;
  expect(ratio.low).toBeLessThan(1.5);
  expect(ratio.value).toBeCloseTo((1.5 * 2 * 2.5) ** (1 / 3), 10);
  expect(ratio.high).toBeGreaterThan(2.5);
});

test('pairs of several rows count alike', () => {
  const [one, two] = [[2], [4, 8]].map((by) =>
    effects(by.map((ms) => ({ off: run(ms), on: run(1) }))),
  );
  expect(pooled([one!.p50!, two!.p50!]).value).toBeCloseTo(4, 10);
  expect(two!.p50!.each).toEqual([4, 8]);
});

test('an interval survives JSON, in which one pair has none', () => {
  const one = effects([{ off: run(3), on: run(2) }]);
  const read = JSON.parse(JSON.stringify(one)) as typeof one;
  expect(withInterval(read.p50!.ratio)).toBe('1.50');
  expect(inWords(read)).toMatch(
    /^full collection 1\.50, young collection 1\.50, request, p50 1\.50/,
  );
  expect(withInterval({ value: 2, low: 1.234, high: 3 })).toBe('2.00 (1.23-3.00)');
});
