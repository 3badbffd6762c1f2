import { expect, test } from 'vitest';
import { built, readJson } from './built.js';

const ask = (...times: number[]) => readJson(built('restarts'), times.map(String)) as boolean[];
const every = (ms: number, count: number) => Array.from({ length: count }, (_, i) => 5 + i * ms);

test('ten restarts in ten seconds are allowed, and no more', () => {
  expect(ask(...every(100, 11))).toEqual([...Array(10).fill(true), false]);
  expect(ask(...every(999, 11))).toEqual([...Array(10).fill(true), false]);
});

test('one a second is allowed for ever', () => {
  expect(ask(...every(1000, 100))).toEqual(Array(100).fill(true));
});

test('any ten seconds count, not those since the start', () => {
  const late = every(1, 11).map((ms) => ms + 1e6);
  expect(ask(0, 1, 2, ...late)).toEqual([...Array(13).fill(true), false]);
});
