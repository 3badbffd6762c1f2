// One run of the experiment: boots a VM whose time counts instructions, for one scenario under one arm.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootGuest } from '../boot.mjs';

/**
 * Options of Node.js for the guest's main program, so that V8 does not collect its garbage while it measures: room for all that it makes, and
 * no collection because it rests.
 */
export const NODE_OPTIONS = [
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-memory-reducer',
];

const GUEST = fileURLToPath(new URL('guest', import.meta.url));

/**
 * @param {object} input of guest/measure.mjs
 * @param {{ kernel: string, cpus: number, texts?: Record<string, string> }} machine
 * @returns {Promise<any>} what it measured
 */
export function bootOnce(input, machine) {
  execFileSync('make', ['-s', '-C', GUEST], { stdio: ['ignore', 2, 2] });
  return bootGuest(join(GUEST, 'measure.mjs'), [JSON.stringify(input)], {
    icount: true,
    node: NODE_OPTIONS,
    ...machine,
  });
}
