// Defines the standard block in TypeScript: the layouts of its thread and process
// structs, and the values and flag bits of their fields.

import { u16, u32, u64 } from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';

// The C header packages/native/include/schedhint/schedhint.h is the original and explains each field.
// standard-block.test.ts compiles it and compares.

export { ABI } from './abi.js';

/** The highest urgency: latency critical. 1 is batch work, 0 no opinion. */
export const URGENCY_MAX = 1024;

/** Values of `schedhint_thread.role`. */
export const Role = Object.freeze({
  none: 0,
  /** the process's main JavaScript thread */
  main: 1,
  /** a worker_threads thread */
  worker: 2,
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

/** Bits of `schedhint_thread.gc`, one for each kind of pause in progress: V8's GCType values. */
export const GcKind = Object.freeze({
  scavenge: 1,
  minorMarkSweep: 2,
  markCompact: 4,
  incrementalStart: 8,
  weakCallbacks: 16,
} as const);

/** Bits of `schedhint_thread.flags`: how good the collector's hints are. */
export const Flag = Object.freeze({
  /** `gc` is set and cleared inside V8's pauses */
  gcLive: 1,
  /** only `gc_count` and `gc_expect_ns` are kept, after the fact */
  gcAfter: 2,
  /** a major collection is under way between its pauses */
  gcCycle: 4,
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
} as const);

/** `struct schedhint_thread`: one for each JavaScript thread, 128 bytes. */
export const threadLayout = struct('schedhint_thread', {
  abi: u32,
  role: u16,
  phase: u16,
  gc: u32,
  gc_count: u32,
  gc_since_ns: u64,
  gc_expect_ns: u64,
  urgency: u32,
  slice_us: u32,
  deadline_ns: u64,
  user: u64,
  seq: u32,
  flags: u32,
  reader_abi: u32,
  reader_flags: u32,
  reader_seen_ns: u64,
  run_delay_ns: u64,
  gc_run_delay_ns: u64,
  on_cpu_ns: u64,
  preempted: u32,
  gc_preempted: u32,
  reserved: array(u64, 2),
});

/** `struct schedhint_process`: one for a process, 64 bytes. */
export const processLayout = struct('schedhint_process', {
  abi: u32,
  gc_threads: u32,
  js_threads: u32,
  flags: u32,
  reserved: array(u64, 6),
});

/**
 * Where a field of the thread's block lies, in elements of its own size: an index into a typed
 * array over the block. For what is written by hand.
 */
export function threadIndex(name: keyof typeof threadLayout.types): number {
  const field = threadLayout.fields.find((candidate) => candidate.name === name)!;
  return field.offset / field.size;
}
