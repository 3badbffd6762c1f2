// Defines the data that `trace` records for a process: one track per thread, with its CPU spans, run-queue waits, GC pauses,
// preemptions and hint changes. It has types only.

import type { ObservedHints } from '../../snapshot.js';

/** An interval; both ends are nanoseconds since the trace began. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A stretch on a CPU. */
export interface CpuSpan extends Span {
  readonly cpu: number;
  /** Of a helper: its process was in a collection. */
  readonly inGc: boolean;
}

/** A pause, as looks at the thread found it; `ThreadTrack` says how exact its ends are. */
export interface Pause extends Span {
  /** Bits of V8's `GCType`: all kinds that were seen in it. */
  readonly kinds: number;
}

/** Collections that began and ended between two looks: known from the thread's own count only. */
export interface ShortPauses {
  readonly at: number;
  readonly count: number;
}

/** Hints that are not those of the look before; all of them. */
export interface HintChange {
  readonly at: number;
  readonly hints: ObservedHints;
}

/** Involuntary switches. */
export interface Preemption {
  readonly at: number;
  readonly inGc: boolean;
}

/** One thread. */
export interface Track {
  readonly tid: number;
  readonly name: string;
  readonly kind: 'js' | 'helper';
  readonly role: number;
  readonly onCpu: readonly CpuSpan[];
  /** Runnable without a CPU. */
  readonly waits: readonly Span[];
  readonly pauses: readonly Pause[];
  readonly shortPauses: readonly ShortPauses[];
  readonly preemptions: readonly Preemption[];
  readonly hints: readonly HintChange[];
}

/** A process, over some time. */
export interface Timeline {
  readonly pid: number;
  readonly name: string;
  readonly durationNs: number;
  /** JavaScript threads first, the main thread before the others. */
  readonly tracks: readonly Track[];
}
