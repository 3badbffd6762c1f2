// Runs a program of test/scheduler/guest in VMs whose time counts instructions: one boot for each seed. What a boot measured is kept outside of
// the checkout until the row is complete, so a row that was interrupted goes on.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { cacheOf } from '../peers/results.mjs';
import { bootGuest } from '../vm/boot.mjs';
import { hasPair, readPairs, writePair } from '../vm/experiment/results.mjs';
import { earlierProgram } from './earlier.mjs';
import { withHogs } from './host-hogs.mjs';

const GUEST = fileURLToPath(new URL('guest', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../scheduler/build/scx_schedhint', import.meta.url));

/** @typedef {import('../vm/boot.mjs').BootOptions} VmOptions with `icount` if it is absent */

/**
 * Boots once.
 *
 * @param {string} program of test/scheduler/guest
 * @param {object} input it gets as JSON
 * @param {VmOptions} [options]
 * @returns {Promise<any>} the JSON that it wrote
 */
export function bootOnce(program, input, options) {
  execFileSync('make', ['-s', '-C', GUEST], { stdio: ['ignore', 2, 2] });
  return bootGuest(join(GUEST, program), [JSON.stringify(input)], { icount: true, ...options });
}

const hashOf = (...contents) => {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content);
  return hash.digest('hex').slice(0, 16);
};

/** The scheduler's program and object, by content. */
const buildOf = (program) =>
  hashOf(readFileSync(program), readFileSync(join(dirname(program), 'scx_schedhint.bpf.o')));

/**
 * What all rows take.
 *
 * @returns {{ program: string, seeds: number[], now: number, short: boolean, earlier: boolean, minutes: number, positionals: string[], isFull: boolean }}
 */
export function readRowOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string' }, // three by default: 1,2,3
      now: { type: 'string' }, // only so many boots, if that many are missing: the next call goes on
      short: { type: 'boolean', default: false }, // one seed, and the row's quickest half
      earlier: { type: 'boolean', default: false }, // of the scheduler before this one
      program: { type: 'string' }, // another build
      'busy-host': { type: 'boolean', default: false }, // host-hogs.mjs
      minutes: { type: 'string', default: '10' }, // of the row that makes changes at random
    },
  });
  const program = values.earlier ? earlierProgram() : (values.program ?? PROGRAM);
  return {
    ...values,
    program,
    seeds: (values.seeds ?? (values.short ? '1' : '1,2,3')).split(',').map(Number),
    now: Number(values.now ?? Number.POSITIVE_INFINITY),
    minutes: Number(values.minutes),
    positionals,
    // What is kept: a whole row of this checkout's scheduler.
    isFull:
      !values.short &&
      !values.earlier &&
      values.program === undefined &&
      values.seeds === undefined,
  };
}

/**
 * Boots once for each seed that has not been measured yet.
 *
 * @param {string} row
 * @param {ReturnType<typeof readRowOptions>} options
 * @param {{ program?: string, input: object, vm: VmOptions }} boot `input` but for its seed
 * @returns {Promise<any[]>} what each boot wrote
 */
export async function measureSeeds(row, options, { program = 'scenarios.mjs', input, vm }) {
  const inputs = { input, vm, build: buildOf(options.program), load: hashOf(...loadSources()) };
  const directory = cacheOf(
    join(withHogs('scheduler'), `${row}-${hashOf(JSON.stringify(inputs))}`),
  );
  let made = 0;
  for (const seed of options.seeds) {
    if (hasPair(directory, seed)) continue;
    if (made++ === options.now) throw new ExplainedError(`${row}: seed ${seed} is missing`);
    writePair(directory, seed, { inputs, ...(await bootOnce(program, { ...input, seed }, vm)) });
  }
  return readPairs(directory, JSON.parse(JSON.stringify(inputs)));
}

const loadSources = () =>
  ['groups.c', 'hints.c', 'load.h', 'main.c', 'report.c', 'work.c'].map((name) =>
    readFileSync(join(GUEST, 'load', name)),
  );
