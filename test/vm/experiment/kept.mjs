// The figures that are committed: test/matrix/results/experiment.json. The page and the chart are made of them, on any machine.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../matrix/results/experiment.json', import.meta.url));

/**
 * @typedef {object} Kept
 * @property {Record<string, string[]>} versions of what measured: kernel, qemu, node, commit, date, and the schedulers by arm
 * @property {object} times of a run (scenarios.mjs)
 * @property {number} [pace] of a real machine: times the rates of scenarios.mjs
 * @property {Record<string, Record<string, Record<string, import('./digest.mjs').Run>>>} scenarios by "NAME-CPUS", by arm, by the run's number
 */

/** Four digits are more than was measured. */
const rounded = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

/** @param {Kept} kept */
export function keep(kept) {
  // A line for each step: a change of one run is a change of its lines.
  const text = JSON.stringify(kept, rounded, 1).replace(
    /\{\s+("rate": [^{}]*?)\s+\}/g,
    (_, step) => `{ ${step.replace(/\s*\n\s*/g, ' ')} }`,
  );
  writeFileSync(FILE, `${text}\n`);
}

/** @returns {Kept | null} */
export const readKept = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : null);
