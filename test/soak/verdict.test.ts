import { expect, test } from 'vitest';
import { type Sample, verdicts } from './verdict.js';

/** Rounds, each with what is open. */
const rounds = (...open: string[][]): Sample[] =>
  open.map((names) => ({ memory: { rss: 0 }, counts: {}, open: names }));
const isFlat = (samples: Sample[]) =>
  verdicts(samples, samples).find(({ name }) => name === 'descriptors')?.isFlat;

const BASE = ['pipe:', 'anon_inode:[pidfd]'];
const times = (count: number, open: string[]) => Array.from({ length: count }, () => open);

test('descriptors that stay the same are flat', () => {
  expect(isFlat(rounds(...times(18, BASE)))).toBe(true);
});

test('one that is opened at its first use and kept is flat, in whatever round', () => {
  const late = [...BASE, '/proc//task//schedstat'];
  expect(isFlat(rounds(...times(17, BASE), late))).toBe(true);
});

test('one more of a kind that was open before grows', () => {
  const leaked = [...BASE, 'anon_inode:[pidfd]'];
  expect(isFlat(rounds(...times(15, BASE), ...times(3, leaked)))).toBe(false);
});

test('two of a new kind grow', () => {
  const leaked = [...BASE, '/dev/null', '/dev/null'];
  expect(isFlat(rounds(...times(15, BASE), ...times(3, leaked)))).toBe(false);
});
