// Measures a process from outside for some seconds, or the busiest of those that a started command consists of.

import { setTimeout as delay } from 'node:timers/promises';
import { withDescendants } from '../../proc/process.js';
import { readThreads } from '../../proc/threads.js';
import { type Sample, Sampler } from '../process/sampler.js';
import { findTarget, type OwnAccount, ownAccount, type Target } from '../process/target.js';
import { type Measured, measuredIn } from './measured.js';

const BETWEEN_MS = 100;

/** What was measured, and of which process. */
export interface Measurement {
  readonly target: Target;
  readonly account: OwnAccount;
  readonly measured: Measured;
}

/**
 * Measures until the time is over, `signal` aborts or the process ends.
 *
 * @throws Error `ERR_SCHEDHINT_PROCESS_ENDED` if it ended before there was anything to compare
 */
export async function measure(
  target: Target,
  seconds: number,
  signal: AbortSignal,
): Promise<Measurement> {
  const sampler = new Sampler(target);
  const samples: Sample[] = [];
  let account = ownAccount(target);
  for (;;) {
    const sample = sampler.take();
    if (sample === null) break;
    samples.push(sample);
    const leftMs = samples[0]!.atMs + seconds * 1000 - sample.atMs;
    if (leftMs <= 0 || signal.aborted) break;
    await delay(Math.min(BETWEEN_MS, leftMs), undefined, { signal }).catch(() => {});
  }
  if (samples.length < 2) {
    throw Object.assign(
      new Error(
        `process ${target.pid} ended before it was measured: measure one that runs for some seconds`,
      ),
      { code: 'ERR_SCHEDHINT_PROCESS_ENDED' },
    );
  }
  // It may have begun to watch its stalls since; one that has ended can no longer be asked.
  if (samples.at(-1)!.threads.some(({ stalls }) => stalls !== null)) account = 'stalls';
  return { target, account, measured: measuredIn(samples, target.allowedCpus) };
}

/** The one of a process and its descendants that has used most CPU time: what `npm start` has started. */
export function busiest(pid: number, proc = '/proc'): number {
  const used = withDescendants(proc, pid).map((one) => ({ one, cpuMs: cpuMsOf(one, proc) }));
  return used.sort((a, b) => b.cpuMs - a.cpuMs)[0]?.one ?? pid;
}

function cpuMsOf(pid: number, proc: string): number {
  try {
    return readThreads(`${proc}/${pid}`).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  } catch {
    return 0;
  }
}

/** The target to measure of what was started. */
export function startedTarget(pid: number): Target {
  return findTarget(busiest(pid));
}
