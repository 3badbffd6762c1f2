// The same runs on this machine instead of in a VM, in real time: `npm run experiment -- --here`. It needs root, a machine on which nothing
// else runs, and for schedulers of sched_ext a kernel that has it.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../../scripts/private-apt.mjs';
import { NODE_OPTIONS } from './boot.mjs';
import { keepText } from './results.mjs';
import { median } from './statistics.mjs';

const GUEST = fileURLToPath(new URL('guest', import.meta.url));
const CGROUPS = '/sys/fs/cgroup';
const SLICE = join(CGROUPS, 'experiment.slice');
/** CPU time of a service for a request in the VM while its CPUs are busy, ms: what the rates of the scenarios are made for. Its CPUs share one speed. */
const USUAL_MS = 1.6;

/** Whether this kernel can load other schedulers. */
export const hasSchedExt = () => existsSync('/sys/kernel/sched_ext');

/** What is in the place of the VM: its kernel and CPUs. */
export const thisMachine = () => ({
  kernel: release(),
  cpus: Math.max(2, availableParallelism() & ~1), // a scenario is made for pairs
});

function leaveNoCgroups() {
  if (!existsSync(SLICE)) return;
  for (const entry of readdirSync(SLICE, { withFileTypes: true })) {
    if (entry.isDirectory()) rmdirSync(join(SLICE, entry.name));
  }
  rmdirSync(SLICE);
}

/** @param {object} input of guest/measure.mjs @returns {any} what it measured */
export function measureHere(input) {
  if (process.getuid?.() !== 0)
    throw new ExplainedError('--here makes cgroups and real-time processes: it needs root');
  if (!existsSync(join(CGROUPS, 'cgroup.controllers')))
    throw new ExplainedError(`--here: ${CGROUPS} is not cgroup version 2`);
  if (hasSchedExt() && readFileSync('/sys/kernel/sched_ext/state', 'utf8').trim() !== 'disabled')
    throw new ExplainedError('--here: another sched_ext scheduler is loaded');
  execFileSync('make', ['-s', '-C', GUEST], { stdio: ['ignore', 2, 2] });
  const out = mkdtempSync(join(tmpdir(), 'schedhint-experiment-'));
  try {
    const { status } = spawnSync(
      process.execPath,
      [...NODE_OPTIONS, join(GUEST, 'measure.mjs'), JSON.stringify(input)],
      {
        env: { ...process.env, SCHEDHINT_VM_OUT: out },
        stdio: ['ignore', 2, 2],
      },
    );
    if (status !== 0) throw new ExplainedError(`the run ended with ${status}`);
    return JSON.parse(readFileSync(join(out, 'measured.json'), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
    leaveNoCgroups();
  }
}

/**
 * How many times faster than the VM this machine answers requests: rates are multiplied by it, objectives and the times between collections divided. Measured once, and kept with the results, so that all runs
 * have the same rates.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {string} results
 */
export function paceHere(scenario, results) {
  const file = join(results, 'pace.json');
  if (!existsSync(file)) {
    const times = { warmMs: 500, stepMs: 500, gapMs: 100, answerMs: 5000 };
    const input = { scenario: { ...scenario, rates: [50] }, arm: { hints: false }, times, seed: 1 };
    const perRequest = median(measureHere(input).services.map((one) => one.perRequest));
    mkdirSync(results, { recursive: true });
    keepText(file, JSON.stringify(Number((USUAL_MS / perRequest).toPrecision(2))));
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}
