// Defines the values and flag bits of the standard block's fields. They need no layouts, which take longer to build than an attach.

// The C header abi/include/schedhint/schedhint.h is the original and explains each field.
// standard-block.test.ts compiles it and compares.

export { ABI } from './abi.js';

/** Values of `schedhint_thread.urgency`, and any between 1 and the highest. */
export const URGENCY = Object.freeze({
  /** no opinion: treated as normal */
  none: 0,
  lowest: 1,
  low: 256,
  normal: 512,
  high: 768,
  critical: 1024,
} as const);

/** The highest urgency. */
export const URGENCY_MAX = URGENCY.critical;

/** Values of `runtime`, in both blocks: the runtime that the thread, or the process, runs. */
export const Runtime = Object.freeze({
  none: 0,
  v8: 1,
  cpython: 2,
  jvm: 3,
  go: 4,
  dotnet: 5,
  ruby: 6,
} as const);

/** Values of `schedhint_thread.role`. */
export const Role = Object.freeze({
  none: 0,
  /** the process's main JavaScript thread */
  main: 1,
  /** a worker_threads thread */
  worker: 2,
  /** a thread that does the runtime's own work */
  helper: 3,
} as const);
/** The name of a value of {@link Role}. */
export type RoleName = keyof typeof Role;

/** Values of `schedhint_thread.phase`. */
export const Phase = Object.freeze({
  none: 0,
  starting: 1,
  serving: 2,
  draining: 3,
} as const);
/** What a thread is about, by the name of a value of {@link Phase}. */
export type PhaseName = keyof typeof Phase;

/** Bits of the low byte of `schedhint_thread.gc`: the kinds of pause in progress. */
export const GcKind = Object.freeze({
  /** of the young generation: V8's scavenges and minor mark-sweeps */
  minor: 1,
  /** of the whole heap: V8's mark-compacts */
  major: 2,
  /** what else stops the thread: V8's start of incremental marking, and weak callbacks */
  other: 4,
} as const);

/** Of `schedhint_thread.gc`: all that may be a kind of pause. */
export const GC_PAUSED = 0xff;
/** Of `schedhint_thread.gc`: a concurrent collection is under way, between its pauses too. */
export const GC_CYCLE = 0x100;
/** Bits of `schedhint_thread.gc` from here on: the runtime's own kinds of the pauses in progress. */
export const GC_RUNTIME_SHIFT = 16;

/** Bits of `schedhint_thread.gc` behind {@link GC_RUNTIME_SHIFT} where the runtime is V8: its GCType. */
export const V8GcKind = Object.freeze({
  scavenge: 1,
  minorMarkSweep: 2,
  markCompact: 4,
  incrementalStart: 8,
  weakCallbacks: 16,
} as const);

/** Bits of `schedhint_thread.hints`. */
export const HintBit = Object.freeze({
  batch: 1,
} as const);

/** Bits of `schedhint_thread.flags`: how good the collector's hints are. */
export const Flag = Object.freeze({
  /** `gc` is set and cleared inside the pauses */
  gcLive: 1,
  /** only `gc_count` and `gc_expect_us` are kept, after the fact */
  gcAfter: 2,
} as const);

/** Bits of `schedhint_thread.reader_flags`: what the reader acts on. */
export const ReaderFlag = Object.freeze({
  /** counts and publishes, schedules nothing */
  observes: 1,
  gc: 2,
  urgency: 4,
  deadline: 8,
  slice: 16,
  helpers: 32,
  batch: 64,
} as const);

/** Bits of `schedhint_process.flags`. */
export const ProcessFlag = Object.freeze({
  /** the collector's helper threads have elements, with a pointer to the process's block alone */
  helpersBound: 1,
  /** the block is the pool's: threads whose elements lead to it alone inherit the process's urgency */
  helpersInherit: 2,
} as const);
