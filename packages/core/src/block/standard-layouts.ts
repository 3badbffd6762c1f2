// Defines the layouts of the standard block's structs, of a thread and of a process.

import { u16, u32, u64 } from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import type { BlocksOf } from '../view/struct-view.js';

// The C header abi/include/schedhint/schedhint.h is the original and explains each field.
// standard-block.test.ts compiles it and compares.

/** `struct schedhint_thread`: one for each JavaScript thread, 256 bytes. */
export const threadLayout = struct('schedhint_thread', {
  abi: u32,
  seq: u32,
  gc: u32,
  gc_count: u32,
  gc_since_ns: u64,
  urgency: u32,
  hints: u32,
  slice_us: u32,
  runtime_us: u32,
  deadline_ns: u64,
  gc_expect_us: u32,
  hot0: u32,
  hot1: u64,
  user: u64,
  attach_ns: u64,
  runtime: u16,
  role: u16,
  phase: u16,
  cold0: u16,
  flags: u32,
  cold1: u32,
  cold2: array(u64, 4),
  reader_abi: u32,
  reader_id: u32,
  reader_flags: u32,
  preempted: u32,
  reader_seen_ns: u64,
  run_delay_ns: u64,
  gc_run_delay_ns: u64,
  on_cpu_ns: u64,
  gc_preempted: u32,
  rhot0: u32,
  rhot1: u64,
  granted_ns: u64,
  throttled_ns: u64,
  refused: u32,
  rcold0: u32,
  rcold1: array(u64, 5),
});

/** `struct schedhint_process`: one for a process, 128 bytes. */
export const processLayout = struct('schedhint_process', {
  abi: u32,
  gc_threads: u32,
  bound_threads: u32,
  flags: u32,
  attach_ns: u64,
  runtime: u16,
  p0: u16,
  p1: u32,
  p2: array(u64, 4),
  granted_ns: u64,
  throttled_ns: u64,
  refused: u32,
  reader_id: u32,
  r0: array(u64, 5),
});

/** The raw views of the standard block. `thread.hints`, `feedback` and `gc` are the better door. */
export type StandardBlocks = BlocksOf<{
  thread: typeof threadLayout;
  process: typeof processLayout;
}>;
