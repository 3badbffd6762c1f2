// Keeps what was measured of each scheduler, for docs/schedulers.md: test/matrix/results/schedulers.json.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../matrix/results/schedulers.json', import.meta.url));

/** Where a row keeps what it has measured so far. @param {string} row */
export const cacheOf = (row) =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-peers', 'measured', row);

/** @returns {Record<string, Record<string, any>>} by subject and by what was measured */
export const readResults = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});

/** Six digits are more than was measured. */
const rounded = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);

/**
 * @param {string} subject
 * @param {'offOn' | 'cost'} what
 * @param {object} found
 */
export function keepResult(subject, what, found) {
  const results = readResults();
  const date = new Date().toISOString().slice(0, 10);
  results[subject] = { ...results[subject], [what]: { date, ...found } };
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 2)}\n`);
}
