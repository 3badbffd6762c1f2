// The standard blocks in numbers: what the addon is told of them. The preload needs no more of them than
// this, and standard-block.ts, which has their layouts, takes longer than all that the preload does;
// standard-block.test.ts compares the two.

/** The version of the standard blocks. A block whose `abi` is 0 holds nothing. */
export const ABI = 1;

/** Of the map's value: a pointer to the thread's block, one to the process's. */
export const VALUE_SIZE = 16;
export const THREAD_SLOT = 0;
export const PROCESS_SLOT = 1;

/** bytes */
export const THREAD_SIZE = 128;
export const PROCESS_SIZE = 64;

/** Offset of `js_threads` in the process's block. */
export const JS_THREADS = 8;

/** Offset of `role` in the thread's block, and its values. */
export const ROLE = 4;
export const MAIN = 1;
export const WORKER = 2;
