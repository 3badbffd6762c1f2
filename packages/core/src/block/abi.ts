// The standard blocks in numbers: what the addon gets of them. The preload needs no more of them than
// this, and standard-layouts.ts takes longer to load than all that the preload does; standard-block.test.ts compares the two.

/** The version of the standard blocks. A block whose `abi` is 0 holds nothing. */
export const ABI = 1;

/** Of the map's value: a pointer to the thread's block, one to the process's. */
export const VALUE_SIZE = 16;
export const THREAD_SLOT = 0;
export const PROCESS_SLOT = 1;

/** bytes */
export const THREAD_SIZE = 256;
export const PROCESS_SIZE = 128;

/** Offset of `bound_threads` in the process's block. */
export const BOUND_THREADS = 8;

/** Offset of `flags` in the process's block, and its bits. */
export const PROCESS_FLAGS = 12;
export const HELPERS_BOUND = 1;
export const HELPERS_INHERIT = 2;

/** Offsets of `attach_ns`, and of where the reader's lines begin. */
export const THREAD_ATTACH_NS = 72;
export const THREAD_READER = 128;
export const PROCESS_ATTACH_NS = 16;
export const PROCESS_READER = 64;

/** Offsets of `runtime`, and its value here. */
export const THREAD_RUNTIME = 80;
export const PROCESS_RUNTIME = 24;
export const V8 = 1;

/** Offset of `role` in the thread's block, and its values. */
export const ROLE = 82;
export const MAIN = 1;
export const WORKER = 2;

/** Where fields of the thread's block lie: indices into a typed array over the block whose elements have the field's size. */
export const FIELD = Object.freeze({
  seq: 1,
  gc: 2,
  gc_count: 3,
  gc_since_ns: 2,
  urgency: 6,
  hints: 7,
  slice_us: 8,
  deadline_ns: 5,
  gc_expect_us: 12,
  user: 8,
  phase: 42,
  flags: 22,
  reader_abi: 32,
  reader_flags: 34,
  preempted: 35,
  reader_seen_ns: 18,
  run_delay_ns: 19,
  gc_run_delay_ns: 20,
  on_cpu_ns: 21,
  gc_preempted: 44,
  granted_ns: 24,
  throttled_ns: 25,
  refused: 52,
} as const);
