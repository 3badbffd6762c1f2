// Subtracts two samples of a process: what its threads, its cgroup and the machine did in between.

import type { ThreadRole } from '../../proc/thread-roles.js';
import type { Sample, SampledThread } from './sampler.js';
import type { StallCounts } from './stall-record.js';

/** What a thread counted of its stalls in between, the longest since it began to watch, and how its heap was at the end. */
export type StallUse = Omit<StallCounts, 'tid' | 'loopIdleMs'>;

/** What a thread did between two samples. */
export interface ThreadUse {
  readonly tid: number;
  readonly name: string;
  readonly role: ThreadRole;
  readonly cpuMs: number;
  /** Ready to run, without a CPU, and not held back by the quota; null: the kernel does not say. */
  readonly noCpuMs: number | null;
  /** Held back by the quota: at most as long as the cgroup was, which other threads of it share. */
  readonly throttledMs: number | null;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly majorFaults: number;
  readonly stalls: StallUse | null;
}

/** What a quota did between two samples. */
interface QuotaUse {
  readonly directory: string;
  readonly quotaCpus: number;
  readonly periods: number;
  readonly throttledPeriods: number;
  /** Summed over CPUs. */
  readonly throttledMs: number;
}

/** What a process did between two samples. */
export interface ProcessUse {
  readonly ms: number;
  readonly threads: readonly ThreadUse[];
  /** The quota that held it back most, else the tightest; null: none that can be seen. */
  readonly quota: QuotaUse | null;
  readonly machine: {
    readonly cpus: number;
    readonly busyMs: number;
    readonly idleMs: number;
    readonly stealMs: number;
  } | null;
  readonly memory: MemoryUse;
}

/** How short of memory its cgroup was between two samples. */
interface MemoryUse {
  /** How long at least one task waited for memory; null: the kernel does not say. */
  readonly waitedMs: number | null;
  /** Whose tasks. */
  readonly waitedOf: 'cgroup' | 'machine';
  /** Pages of the cgroup that were dropped for want of memory and then needed again; null: not known. */
  readonly refaults: number | null;
}

/** What happened from one sample to another. */
export function useBetween(from: Sample, to: Sample): ProcessUse {
  const quota = quotaUse(from, to);
  const before = new Map(from.threads.map((thread) => [thread.tid, thread]));
  return {
    ms: to.atMs - from.atMs,
    threads: to.threads.map((thread) =>
      threadUse(sameThread(before.get(thread.tid), thread), thread, quota?.throttledMs ?? 0),
    ),
    quota,
    machine: machineUse(from, to),
    memory: memoryUse(from, to),
  };
}

/** A counter may fall: of a process that shows what it likes, of a cgroup that was removed and made again. */
const grown = (before: number, after: number) => Math.max(0, after - before);

/** A tid may have been given to another thread since. */
function sameThread(before: SampledThread | undefined, now: SampledThread) {
  return before?.startTicks === now.startTicks ? before : undefined;
}

/** @param before undefined: it began in between */
function threadUse(
  before: SampledThread | undefined,
  now: SampledThread,
  groupThrottledMs: number,
): ThreadUse {
  const waitMs = now.waitMs === null ? null : grown(before?.waitMs ?? 0, now.waitMs);
  const throttledMs = waitMs === null ? null : Math.min(waitMs, groupThrottledMs);
  return {
    tid: now.tid,
    name: now.name,
    role: now.role,
    cpuMs: grown(before?.cpuMs ?? 0, now.cpuMs),
    noCpuMs: waitMs === null ? null : waitMs - throttledMs!,
    throttledMs,
    voluntarySwitches: grown(before?.voluntarySwitches ?? 0, now.voluntarySwitches),
    involuntarySwitches: grown(before?.involuntarySwitches ?? 0, now.involuntarySwitches),
    majorFaults: grown(before?.majorFaults ?? 0, now.majorFaults),
    stalls: now.stalls && stallUse(before?.stalls ?? undefined, now.stalls),
  };
}

function stallUse(before: StallCounts | undefined, now: StallCounts): StallUse {
  const each = <Name extends string>(
    was: Readonly<Record<Name, number>> | undefined,
    is: Readonly<Record<Name, number>>,
  ) =>
    Object.fromEntries(
      Object.entries<number>(is).map(([name, value]) => [
        name,
        grown(was?.[name as Name] ?? 0, value),
      ]),
    ) as Record<Name, number>;
  return {
    threadId: now.threadId,
    thresholdMs: now.thresholdMs,
    stalls: grown(before?.stalls ?? 0, now.stalls),
    longestStallMs: now.longestStallMs,
    loopBusyMs: grown(before?.loopBusyMs ?? 0, now.loopBusyMs),
    parts: each(before?.parts, now.parts),
    collections: each(before?.collections, now.collections),
    collectionMs: each(before?.collectionMs, now.collectionMs),
    heapUsedBytes: now.heapUsedBytes,
    heapLimitBytes: now.heapLimitBytes,
    promotedBytes: grown(before?.promotedBytes ?? 0, now.promotedBytes),
    semiSpaceBytes: now.semiSpaceBytes,
  };
}

function quotaUse(from: Sample, to: Sample): QuotaUse | null {
  const uses = to.quotas
    .filter(({ quotaCpus }) => quotaCpus < Number.POSITIVE_INFINITY)
    .map(({ directory, quotaCpus, periods, throttledPeriods, throttledNs }) => {
      const before = from.quotas.find((one) => one.directory === directory);
      return {
        directory,
        quotaCpus,
        periods: grown(before?.periods ?? periods, periods),
        throttledPeriods: grown(before?.throttledPeriods ?? throttledPeriods, throttledPeriods),
        throttledMs: grown(before?.throttledNs ?? throttledNs, throttledNs) / 1e6,
      };
    });
  const [worst] = uses.sort((a, b) => b.throttledMs - a.throttledMs || a.quotaCpus - b.quotaCpus);
  return worst ?? null;
}

function machineUse({ machine: from }: Sample, { machine: to }: Sample): ProcessUse['machine'] {
  if (from === null || to === null) return null;
  return {
    cpus: to.cpus,
    busyMs: grown(from.busyMs, to.busyMs),
    idleMs: grown(from.idleMs, to.idleMs),
    stealMs: grown(from.stealMs, to.stealMs),
  };
}

function memoryUse({ memory: from }: Sample, { memory: to }: Sample): MemoryUse {
  const waited = to?.pressure?.someMs ?? null;
  const refaults = to?.refaults ?? null;
  return {
    waitedMs: waited && grown(from?.pressure?.someMs ?? waited, waited),
    waitedOf: to?.pressureOf ?? 'machine',
    refaults: refaults && grown(from?.refaults ?? refaults, refaults),
  };
}
