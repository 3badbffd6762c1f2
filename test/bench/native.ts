import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Does it so often in C, and returns the nanoseconds that it took; a negative errno if it could not. */
type Loop = (count: number) => number;

/** native/addon.cc. */
export interface BenchAddon {
  /** A plain store to a word of a block. */
  readonly storePlain: Loop;
  /** A sequentially consistent one. */
  readonly storeSeqCst: Loop;
  /** `prctl(PR_SET_NAME)`, whose two names alternate. */
  readonly renameThread: Loop;
  /** A function that does nothing; with the object loaded, a BPF program runs in front of it. */
  readonly callProbed: Loop;
  /** `bpf_map_update_elem` of the calling thread's hint, all descriptors open. */
  readonly updateHint: Loop;
  /** `clock_gettime(CLOCK_MONOTONIC)` twice. */
  readonly readTwoClocks: Loop;
  /** Stores `value` in a word of a block: not a loop, but a call. */
  callWithTwo(field: number, value: number): void;
  /**
   * Loads native/bench.bpf.c, pins its maps in a directory of a bpffs and attaches the uprobe.
   *
   * @returns what failed; null: nothing
   */
  loadObject(object: string, pins: string, self: string): string | null;
  /** Ends the programs; the pins stay. */
  unloadObject(): void;
}

const built = (name: string) => fileURLToPath(new URL(`native/build/${name}`, import.meta.url));
export const BENCH_ADDON = built('bench.node');
export const BENCH_OBJECT = built('bench.bpf.o');

export const native = createRequire(import.meta.url)(BENCH_ADDON) as BenchAddon;
