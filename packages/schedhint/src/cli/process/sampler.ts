// Takes samples of a process from outside: what its threads, its cgroup and the machine have counted so far.

import { type CpuQuota, readCpuQuotas } from '../../proc/cgroup.js';
import { type MachineCounts, readMachine } from '../../proc/machine.js';
import { type MemoryCounts, readMemory } from '../../proc/memory.js';
import { rolesOf, type ThreadRole } from '../../proc/thread-roles.js';
import { readThreads, type ThreadCounts } from '../../proc/threads.js';
import { findStallRecord, readStallRecord, type StallCounts } from './stall-record.js';
import type { Target } from './target.js';

/** A thread, what it is for, and what it says of its stalls. */
export interface SampledThread extends ThreadCounts {
  readonly role: ThreadRole;
  /** Null for a thread that does not watch its stalls. */
  readonly stalls: StallCounts | null;
}

/** What has been counted up to one instant. */
export interface Sample {
  /** ms of this process's monotonic clock. */
  readonly atMs: number;
  readonly threads: readonly SampledThread[];
  /** Of the process's cgroup and its ancestors. */
  readonly quotas: readonly CpuQuota[];
  /** Null where /proc does not say. */
  readonly machine: MachineCounts | null;
  /** Null where its cgroup is not visible. */
  readonly memory: MemoryCounts | null;
}

/** Takes the samples of one process. */
export class Sampler {
  readonly target: Target;
  readonly #inEpoll = new Set<number>();
  #record: string | null = null;

  constructor(target: Target) {
    this.target = target;
  }

  /** What has been counted so far; null: the process has ended. */
  take(): Sample | null {
    const { folder, proc, cgroup, memory } = this.target;
    let counted: ThreadCounts[];
    try {
      counted = readThreads(folder);
    } catch {
      return null;
    }
    // A zombie has a folder, and nothing that runs.
    if (counted.every(({ state }) => state === 'Z' || state === 'X')) return null;
    return {
      atMs: performance.now(),
      threads: this.#withRoles(counted),
      quotas: cgroup === null ? [] : readCpuQuotas(cgroup),
      machine: readMachine(proc),
      memory: memory && readMemory(memory),
    };
  }

  #withRoles(counted: readonly ThreadCounts[]): SampledThread[] {
    for (const { tid, sleepsIn } of counted) if (/epoll/.test(sleepsIn)) this.#inEpoll.add(tid);
    const stalls = new Map(this.#stalls().map((counts) => [counts.tid, counts]));
    const { pid, program, poolSize } = this.target;
    const roles = rolesOf(counted, {
      pid,
      program,
      javaScript: new Set(counted.filter((one) => stalls.has(one.innerTid)).map(({ tid }) => tid)),
      inEpoll: this.#inEpoll,
      poolSize,
    });
    return counted.map((thread) => ({
      ...thread,
      role: roles.get(thread.tid)!,
      stalls: stalls.get(thread.innerTid) ?? null,
    }));
  }

  /** The record may come while the process starts, and its descriptor may become another one. */
  #stalls(): StallCounts[] {
    const found = this.#record === null ? [] : readStallRecord(this.#record);
    if (found.length > 0) return found;
    try {
      this.#record = findStallRecord(this.target.folder);
    } catch {
      this.#record = null;
    }
    return this.#record === null ? [] : readStallRecord(this.#record);
  }
}
