// Declares and loads the benchmark's addon, native/addon.cc, whose threads share the registry of the real addon.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadAddon } from '@schedhint/native';

/** Repeats an operation `count` times in C and returns the nanoseconds that it took, or a negative errno. */
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
  /** The calling thread's element, made by the three calls and deleted; only the three are timed. */
  readonly bindSelf: Loop;
  /**
   * So many copies of the addon's GC hook are in this isolate, next to its own. @returns the count, or
   * -1 where V8 has no such callbacks
   */
  installHooks(count: number): number;
  /** The same for hooks that do nothing. */
  installEmptyHooks(count: number): number;
  /**
   * Nanoseconds of each of `count` native threads that live at the same time, an even number: half of
   * them by the three calls, half through schedhint's registry; or a negative errno.
   */
  bindBothWays(map: string, count: number): [byHand: number[], byRegistry: number[]] | number;
  /** Native threads that are bound through the registry until {@link letGo}. @returns 0 or a negative errno */
  keepBound(map: string, count: number): number;
  letGo(): void;
  /** One more map of standard blocks, pinned. @returns its descriptor, or a negative errno */
  pinAnother(object: string, pin: string): number;
  closeMap(descriptor: number): void;
  /** Renames a pin over that of the map in use; nanoseconds until all that are kept are bound to it. */
  rebind(next: string, map: string, descriptor: number): number;
  /** The three calls for each of them; nanoseconds in all. */
  rebindByHand(descriptor: number): number;
  /** In how many pages the blocks lie of those that are kept. */
  pagesOfBlocks(): number;
  /** Two threads, of which `bound` are bound, wake each other so often. @returns 0 or a negative errno */
  switchBetween(map: string, bound: number, rounds: number): number;
  /** The kernel measures BPF programs until the descriptor is closed. */
  enableRunTimeStatistics(): number;
  /** Of the newest BPF program of that name; the kernel keeps 15 characters of it. */
  runTimeOf(program: string): [ns: number, runs: number];
}

const built = (name: string) => fileURLToPath(new URL(`native/build/${name}`, import.meta.url));
export const BENCH_ADDON = built('bench.node');
export const BENCH_OBJECT = built('bench.bpf.o');

// Its registry serves the native threads here too.
loadAddon();
export const native = createRequire(import.meta.url)(BENCH_ADDON) as BenchAddon;
