// Makes the runs of the experiment that are missing, and keeps each one's raw measurements outside of the checkout: an experiment that was
// interrupted goes on. A run is taken from there if its scenario, its arm, the scheduler's program and the programs of the guest are the same.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tool } from '../image.mjs';
import { ARMS } from './arms.mjs';
import { bootOnce, NODE_OPTIONS } from './boot.mjs';
import { measureHere } from './here.mjs';
import { hasPair, readPairs, writePair } from './results.mjs';
import { paceOfVm, SCENARIOS, scaledTo, timesFor } from './scenarios.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Where raw measurements are, by default. */
export const RESULTS = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'schedhint-experiment',
);

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** A scheduler's program by its content, with the object that ours loads. */
function buildOf(program) {
  const object = join(dirname(program), `${basename(program)}.bpf.o`);
  return hashOf([program, ...(existsSync(object) ? [object] : [])]);
}

/** Of others, but part of what the guest's main program does. */
const SHARED = ['arrivals', 'programs', 'scheduler', 'steady-machine', 'until'].map((name) =>
  here(`../guest/${name}.mjs`),
);

/** What a scenario's guest runs. @param {{ services: { pool?: object }[] }} scenario */
const guestFiles = ({ services }) => [
  ...readdirSync(here('guest'))
    .filter((name) => /\.(mjs|c)$/.test(name))
    .filter((name) => services.some(({ pool }) => pool) || !name.startsWith('pool'))
    .sort()
    .map((name) => here(`guest/${name}`)),
  ...SHARED,
  here('../../peers/guest/scx-scheduler.mjs'),
];

/** All that a run's figures depend on. @param {import('./plan.mjs').Run} run */
function inputsOf({ scenario, arm, cpus, rates }, { times, kernel, ours, pace = paceOfVm(cpus) }) {
  const { program, args, hints, service, texts, ...of } = ARMS[arm];
  const { title, objectives, levers, ...machine } = scaledTo(
    { ...SCENARIOS[scenario], ...(rates && { rates }) },
    cpus,
    pace,
  );
  const { words, short, ...acts } = levers; // words are not inputs
  return JSON.parse(
    JSON.stringify({
      scenario: machine,
      arm: { args, hints, service, levers: of.levers ? acts : undefined },
      build: program && buildOf(program(ours)),
      guest: hashOf(guestFiles(machine)),
      ...{ node: process.version, nodeOptions: NODE_OPTIONS, texts: texts?.() },
      ...{ cpus, times: timesFor(times, pace), kernel },
    }),
  );
}

/** One directory for each arm of each scenario. */
function directoryOf({ scenario, arm, cpus }, inputs, results) {
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
  return join(results, `${scenario}-${arm}-${cpus}-${hash}`);
}

/** @param {boolean} hasVm the machine of `--here` has no QEMU */
export function versions(hasVm) {
  const first = (program, ...args) =>
    execFileSync(program, args, { cwd: here('.'), encoding: 'utf8' }).split('\n')[0];
  const [qemu, ...args] = hasVm ? tool('usr/bin/qemu-system-x86_64') : [];
  return {
    ...(hasVm && { qemu: first(qemu, ...args, '--version') }),
    commit: first('git', 'describe', '--always', '--dirty'),
    date: new Date().toISOString().slice(0, 10),
  };
}

/**
 * @param {import('./plan.mjs').Run} run
 * @param {object} options
 * @param {string} options.results
 * @param {object} options.times
 * @param {string} options.kernel
 * @param {number} [options.pace] of this machine, if the run is made here and not in a VM
 * @param {string} [options.ours] another build of scx_schedhint
 * @param {boolean} options.isMeasured false: what is there has to do
 * @returns {Promise<any>} what it measured; undefined: it is missing
 */
export async function takeRun(run, { results, isMeasured, ...machine }) {
  const inputs = inputsOf(run, machine);
  const directory = directoryOf(run, inputs, results);
  if (!hasPair(directory, run.number)) {
    if (!isMeasured) return undefined;
    const { program, texts } = ARMS[run.arm];
    const { kernel, pace } = machine;
    const input = {
      ...{ scenario: inputs.scenario, times: inputs.times, seed: run.number },
      arm: { ...inputs.arm, program: program?.(machine.ours) },
    };
    const measured =
      pace === undefined
        ? await bootOnce(input, { kernel, cpus: run.cpus, texts: texts?.() })
        : measureHere(input);
    writePair(directory, run.number, { inputs, ...versions(pace === undefined), ...measured });
  }
  return readPairs(directory, inputs, [run.number])[0];
}
