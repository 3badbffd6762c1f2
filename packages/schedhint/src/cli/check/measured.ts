// What `schedhint check` measures of a process, and the numbers that several verdicts look at.

import type { Sample } from '../process/sampler.js';
import { type ProcessUse, type ThreadUse, useBetween } from '../process/use.js';

/** What was measured of a process. */
export interface Measured {
  /** What happened from the first sample to the last. */
  readonly use: ProcessUse;
  /** CPUs that the main thread may run on. */
  readonly allowedCpus: number;
  readonly pool: PoolUse;
}

/** How busy libuv's pool was. */
interface PoolUse {
  /** Threads that it has; 0: it was not used yet. */
  readonly threads: number;
  /** Share of the samples in which none of them was idle. */
  readonly allBusyShare: number;
  /** Share of their time that they ran on a CPU, or waited for one. The rest of a busy time they waited for a device or an answer. */
  readonly onCpuShare: number;
}

/** @param samples at least two, in their order */
export function measuredIn(samples: readonly Sample[], allowedCpus: number): Measured {
  const use = useBetween(samples[0]!, samples.at(-1)!);
  return { use, allowedCpus, pool: poolIn(samples, use) };
}

function poolIn(samples: readonly Sample[], use: ProcessUse): PoolUse {
  const pool = use.threads.filter(({ role }) => role === 'libuv');
  const threads = pool.length;
  if (threads === 0) return { threads, allBusyShare: 0, onCpuShare: 0 };
  const busy = samples.filter((sample) => {
    const workers = sample.threads.filter(({ role }) => role === 'libuv');
    return workers.length >= threads && workers.every((worker) => !isIdle(worker));
  });
  const onCpuMs = pool.reduce((sum, thread) => sum + wantedMs(thread), 0);
  return {
    threads,
    allBusyShare: busy.length / samples.length,
    onCpuShare: onCpuMs / (threads * use.ms),
  };
}

/** A thread of the pool that has nothing to do waits in a futex; one at work runs, or waits elsewhere in the kernel. */
function isIdle({ state, sleepsIn }: Sample['threads'][number]): boolean {
  return state === 'S' && (sleepsIn === '' || sleepsIn.includes('futex'));
}

/** The threads that run JavaScript. */
export function javaScript({ use }: Measured): readonly ThreadUse[] {
  return use.threads.filter(({ role }) => role === 'main' || role === 'worker');
}

/** The thread of these with the most of something; null without any. */
export function most(
  threads: readonly ThreadUse[],
  of: (thread: ThreadUse) => number,
): { readonly thread: ThreadUse; readonly amount: number } | null {
  const all = threads.map((thread) => ({ thread, amount: of(thread) }));
  return all.sort((a, b) => b.amount - a.amount)[0] ?? null;
}

/** How long it ran, or was ready to run. */
export function wantedMs({ cpuMs, noCpuMs, throttledMs }: ThreadUse): number {
  return cpuMs + (noCpuMs ?? 0) + (throttledMs ?? 0);
}

/** CPUs that these threads used on average. */
export function cpusOf(threads: readonly ThreadUse[], { ms }: ProcessUse): number {
  return threads.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / ms;
}

/** CPUs that these threads would have used if they had never waited for one. */
export function cpusWanted(threads: readonly ThreadUse[], { ms }: ProcessUse): number {
  return threads.reduce((sum, thread) => sum + wantedMs(thread), 0) / ms;
}

/** CPUs that the process may use at most: those of its quota, or those that it may run on. */
export function cpusFor({ use, allowedCpus }: Measured): number {
  return Math.min(use.quota?.quotaCpus ?? Number.POSITIVE_INFINITY, allowedCpus);
}

/** CPUs that others on this machine used on average; 0 where /proc does not say. */
export function cpusOfOthers({ use }: Measured): number {
  if (use.machine === null) return 0;
  return Math.max(0, use.machine.busyMs / use.ms - cpusOf(use.threads, use));
}

/** `the main thread`, or `worker 3`. */
export function nameOf({ role, stalls, tid }: ThreadUse): string {
  if (role === 'main') return 'the main thread';
  return role === 'worker' && stalls !== null ? `worker ${stalls.threadId}` : `thread ${tid}`;
}
