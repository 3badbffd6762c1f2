import { expect, test } from 'vitest';
import { compareTables } from './compare-tables.mjs';

const head = ['who', 'p99 ms', 'shares off', 'each seed'];

test('the same tables have no difference', () => {
  const table = [head, ['sleepers', '2.5', '-0.1 % hogs', '2.4 2.6']];
  expect(compareTables(table, table)).toEqual({ differences: [0, 0], median: 0, most: 0 });
});

test('a difference is a part of the larger figure, and of 1 for small ones', () => {
  const { differences } = compareTables(
    [head, ['sleepers', '4', '+0.1 %', '']],
    [head, ['sleepers', '5', '-0.1 %', '']],
  );
  expect(differences).toEqual([0.2, 0.2]);
});

test('a line that is missing is a difference', () => {
  expect(compareTables([head, ['a', '1', '', '']], [head]).median).toBe(1);
});
