// Stores and loads raw results: a numbered JSON file for each boot, in a directory outside of the checkout. Loading fails if the inputs or
// kernels of the files differ.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const fileOf = (directory, number) =>
  join(directory, `pair-${String(number).padStart(2, '0')}.json`);

export const hasPair = (directory, number) => existsSync(fileOf(directory, number));

/** A file that appears whole or not at all. */
export function keepText(file, text) {
  writeFileSync(`${file}.draft`, text);
  renameSync(`${file}.draft`, file);
}

export function writePair(directory, number, pair) {
  mkdirSync(directory, { recursive: true });
  keepText(fileOf(directory, number), JSON.stringify(pair));
}

/**
 * All pairs of a directory.
 *
 * @param {string} directory
 * @param {object} inputs that they must have been measured with
 * @param {number[]} [numbers] only these
 * @throws if one was measured with other inputs, or on another kernel than the first
 */
export function readPairs(directory, inputs, numbers) {
  if (!existsSync(directory)) return [];
  const pairs = readdirSync(directory)
    .filter((name) => /^pair-\d+\.json$/.test(name))
    .filter((name) => numbers?.includes(Number(/\d+/.exec(name))) ?? true)
    .sort()
    .map((name) => ({ name, ...JSON.parse(readFileSync(join(directory, name), 'utf8')) }));
  for (const { name, ...pair } of pairs) {
    if (!isDeepStrictEqual(pair.inputs, inputs)) {
      throw new Error(
        `${name} in ${directory} has other inputs, ${JSON.stringify(pair.inputs)}: give another --results`,
      );
    }
    if (pair.kernel !== pairs[0].kernel) {
      throw new Error(`${name} in ${directory} is of ${pair.kernel}: give another --results`);
    }
  }
  return pairs;
}
