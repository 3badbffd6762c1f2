// The arithmetic of the experiment, and that results of other inputs are not mixed with these.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOptions } from './experiment/options.mjs';
import { hasPair, readPairs, writePair } from './experiment/results.mjs';
import { estimate, estimateRatio, summarize, table } from './experiment/summary.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedhint-experiment-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a mean has the interval of Student: of 1 to 5, 3 and 2.776 standard errors to each side', () => {
  const { value, low, high } = estimate([1, 2, 3, 4, 5]);
  const half = 2.776 * Math.sqrt(2.5 / 5);
  expect(value).toBe(3);
  expect(low).toBeCloseTo(3 - half, 10);
  expect(high).toBeCloseTo(3 + half, 10);
});

test('a ratio and its inverse say the same', () => {
  const ratios = [1.2, 2.5, 1.9];
  const one = estimateRatio(ratios);
  const inverse = estimateRatio(ratios.map((ratio) => 1 / ratio));
  expect(one.value * inverse.value).toBeCloseTo(1, 10);
  expect(one.low * inverse.high).toBeCloseTo(1, 10);
});

test('one pair has no interval', () => {
  expect(estimateRatio([2])).toEqual({ value: 2, low: Number.NaN, high: Number.NaN });
});

const run = (arm: string, ms: number) => ({
  arm,
  full: [ms, ms, ms],
  scavenges: [ms],
  collections: [[0, ms]],
  requests: Array.from({ length: 100 }, (_, i) => [i, i < 98 ? 1 : ms]),
  hogShare: 1.5,
});

test('each pair is compared with itself: a pair that is slower in every arm changes no ratio', () => {
  const pair = (slower: number) => ({
    runs: [
      run('alone', 10 * slower),
      run('kernel', 40 * slower),
      run('off', 30 * slower),
      run('on', 15 * slower),
    ],
  });
  const summary = summarize([pair(1), pair(3), pair(7)]);
  const [full] = summary.measures;
  expect(full!.offOn.value).toBeCloseTo(2, 10);
  expect(full!.offOn.high).toBeCloseTo(2, 10);
  expect(full!.arms.kernel!.value).toBeCloseTo(4, 10);
  expect(table(summary)).toContain('| full collection | **2.00 (2.00-2.00)** |');
});

test('an experiment goes on with the pairs that are missing, of the same inputs only', () => {
  const { inputs } = readOptions([]);
  expect(readPairs(join(directory, 'new'), inputs)).toEqual([]);
  writePair(directory, 1, { inputs, kernel: 'a' });
  expect([hasPair(directory, 1), hasPair(directory, 2)]).toEqual([true, false]);
  expect(readdirSync(directory)).toEqual(['pair-01.json']);
  expect(readPairs(directory, inputs)).toHaveLength(1);

  expect(() => readPairs(directory, readOptions(['--hogs', '8']).inputs)).toThrow(/other inputs/);
  writePair(directory, 2, { inputs, kernel: 'b' });
  expect(() => readPairs(directory, inputs)).toThrow(/pair-02.json in .* is of b/);
});
