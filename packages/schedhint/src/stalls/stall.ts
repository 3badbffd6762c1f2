// Declares the public types of stalls: what one was made of, and the monitor that reports them.

import type { Stoppable } from '@schedhint/core/thread';

/**
 * What a stall is made of:
 *
 * - `gc`: pauses of the collector, all of their time.
 * - `code`: the thread ran, outside of pauses: its JavaScript, and what that called.
 * - `noCpu`: it was ready to run, and other threads had the CPUs.
 * - `throttled`: it was ready to run, and its cgroup had used its CPU quota up.
 * - `blocked`: it waited inside of a system call: synchronous I/O, a lock, a page of a file.
 * - `paused`: it neither ran nor waited: the machine's hypervisor had the CPU (steal), or the process was stopped (SIGSTOP) or frozen.
 * - `unknown`: what could not be measured here; `missing` says why.
 */
export type StallPart = 'gc' | 'code' | 'noCpu' | 'throttled' | 'blocked' | 'paused' | 'unknown';

/** How many collections, and how long they took. */
export interface StallCollections {
  readonly count: number;
  readonly ms: number;
}

/** A request that was in flight at a stall's end. */
export interface StallRequest {
  /** Of HTTP; empty where the request has none. */
  readonly method: string;
  /** The pattern of the rule or of the framework's route, never the URL. Empty: it is not known. */
  readonly route: string;
  readonly ageMs: number;
}

/** One turn of a thread's event loop that took too long. */
export interface Stall {
  /** Of the thread: `threadId` of `node:worker_threads`; 0 is the main thread. */
  readonly threadId: number;
  /** Its id in the kernel; 0 where that is not known. */
  readonly tid: number;
  /** When it began, milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** Milliseconds. None is negative, and their sum is `durationMs`. */
  readonly parts: Readonly<Record<StallPart, number>>;
  /** The part that is at least half of it; `'mixed'`: none is. */
  readonly cause: StallPart | 'mixed';
  /** The collections during it. */
  readonly gc: Readonly<Record<'minor' | 'major' | 'other', StallCollections>>;
  /** Absent: no cgroup with a CPU quota can be seen. */
  readonly cgroup?: {
    readonly version: 1 | 2;
    /** Periods of quotas that ended during the stall, and how many of them were throttled. */
    readonly periods: number;
    readonly throttledPeriods: number;
    /** The smallest quota, in CPUs. */
    readonly quotaCpus: number;
  };
  /** Of the thread, during the stall. */
  readonly switches: { readonly voluntary: number; readonly involuntary: number };
  /** Pages that had to be read from a disk. */
  readonly majorFaults: number;
  /** Those in flight at its end that `trackRequests()` knows, at most 16, the oldest first. */
  readonly requests: readonly StallRequest[];
  /** Where the main thread was during the stall, one frame a line: with the option `stack`. */
  readonly stack?: string;
  /** `low`: measured without the native addon, by a timer. */
  readonly precision: 'high' | 'low';
  /** What could not be measured: without `schedstat` some time is `unknown`, without `cgroup` `throttled` counts as `noCpu`, without `gc` `gc` counts as `code`. */
  readonly missing: readonly ('schedstat' | 'cgroup' | 'gc')[];
}

/** Options of {@link watchStalls}. */
export interface WatchStallsOptions {
  /** A turn of the event loop that takes so long is a stall: milliseconds, 10..60000; 50 by default. */
  readonly thresholdMs?: number | undefined;
  /** Called after each stall, on the thread that stalled. An exception is an uncaught one. */
  readonly onStall?: ((stall: Stall) => void) | undefined;
  /**
   * Whether to look where the main thread is during a stall, from the second stall on and at most once in 10 s; false by default. It
   * starts a worker thread (about 10 MB) at the first stall, and stops the main thread for about a millisecond to look.
   */
  readonly stack?: boolean | undefined;
}

/** Reports the stalls of one thread. */
export interface StallMonitor extends Stoppable {
  /** Since it was started: milliseconds of each part, and the number of stalls. */
  readonly totals: Readonly<Record<StallPart, number>> & { readonly stalls: number };
  /**
   * Whether, of the last second, the thread was ready to run and had no CPU for more than a share of it. False where that
   * is not known.
   *
   * @param share 0..1; 0.2 by default
   * @throws RangeError `ERR_SCHEDHINT_OPTION` for another share
   */
  isStarved(share?: number): boolean;
}

/** The name of the diagnostics channel on which every stall is published. */
export const STALL_CHANNEL = 'schedhint:stall';
