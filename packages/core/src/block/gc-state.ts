// Reads the garbage collector's fields of a standard block as a read-only view; the GC hook in the addon writes them.

import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import type { Buffer } from '../view/place.js';
import { FIELD } from './abi.js';
import type { BlockWords } from './block-arrays.js';
import { Flag, GC_CYCLE, GC_PAUSED, GC_RUNTIME_SHIFT } from './standard-values.js';

const GC = FIELD.gc;
const GC_COUNT = FIELD.gc_count;
const GC_SINCE_NS = FIELD.gc_since_ns;
const GC_EXPECT_US = FIELD.gc_expect_us;
const FLAGS = FIELD.flags;

const KEYS = ['pauses', 'runtimeKinds', 'count', 'sinceNs', 'expectUs', 'source', 'cycle'] as const;

/** Where the collector's hints come from: V8's callbacks, perf_hooks afterwards, or nowhere. */
export type GcReporting = 'live' | 'after' | 'none';

/**
 * What a block says of its thread's garbage collector. Read-only: the collector's hook alone writes
 * it. Each property is one load. A thread that reads its own never sees a pause in progress, since
 * JavaScript does not run then; a parent may see its worker's.
 */
export class GcState {
  readonly #words: BlockWords;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;

  /** @internal */
  constructor(words: BlockWords) {
    this.#words = words;
    this.#take();
    Object.freeze(this);
  }

  /** Bits of `GcKind`: the kinds of pause in progress; 0 = none. Loaded in order: what it announces is there. */
  get pauses(): number {
    return Atomics.load(this.#u32, GC) & GC_PAUSED;
  }

  /** The runtime's own kinds of the pauses in progress: bits of `V8GcKind`; 0 = none. */
  get runtimeKinds(): number {
    return Atomics.load(this.#u32, GC) >>> GC_RUNTIME_SHIFT;
  }

  /** Outermost pauses ended, modulo 2^32. */
  get count(): number {
    return this.#u32[GC_COUNT]!;
  }

  /**
   * Start of the outermost pause; between pauses, of the last one: CLOCK_MONOTONIC nanoseconds
   * in the initial time namespace.
   */
  get sinceNs(): bigint {
    return this.#u64[GC_SINCE_NS]!;
  }

  /** How long pauses of that kind have lately taken, in microseconds; 0 = not known. */
  get expectUs(): number {
    return this.#u32[GC_EXPECT_US]!;
  }

  /** `'live'`: set inside V8's pauses; `'after'`: counted after the fact; `'none'`: not kept. */
  get source(): GcReporting {
    const flags = this.#u32[FLAGS]!;
    if ((flags & Flag.gcLive) !== 0) return 'live';
    return (flags & Flag.gcAfter) !== 0 ? 'after' : 'none';
  }

  /** Whether a major collection is under way, between its pauses too. */
  get cycle(): boolean {
    return (this.#u32[GC]! & GC_CYCLE) !== 0;
  }

  static #count(gc: GcState, expectUs: number): void {
    const words = gc.#u32;
    // The live hook, started by somebody else in this thread, owns these fields.
    if ((words[FLAGS]! & Flag.gcLive) !== 0) return;
    words[GC_EXPECT_US] = Math.min(Math.ceil(expectUs), 0xffff_ffff);
    words[GC_COUNT]!++;
  }

  /** @internal see {@link gcAfterwards} */
  static afterwards(gc: GcState): GcAfterwards {
    Atomics.or(gc.#u32, FLAGS, Flag.gcAfter);
    return {
      count: (expectUs) => GcState.#count(gc, expectUs),
      stop: () => {
        Atomics.and(gc.#u32, FLAGS, ~Flag.gcAfter);
      },
    };
  }

  /** All of it as it is now; bigints become decimal strings. */
  toJSON(): Record<string, unknown> {
    return jsonOfGetters(this, KEYS);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return inspectGetters('GcState', this, KEYS, depth, options, inspect);
  }

  /** @internal */
  static move(view: GcState, buffer: Buffer, byteOffset: number): void {
    view.#words.point(buffer, byteOffset);
    view.#take();
  }

  #take(): void {
    this.#u32 = this.#words.u32;
    this.#u64 = this.#words.u64;
  }
}

/** Writes what is known of collections after the fact. */
export interface GcAfterwards {
  /** Counts one pause. @param expectUs how long pauses of its kind have lately taken, microseconds */
  count(expectUs: number): void;
  /** The block no longer says that its collections are counted. */
  stop(): void;
}

/**
 * Has a thread's block say that its collections are counted after the fact. What `@schedhint/gc-hooks` stands on where V8's callbacks are not
 * available; use that.
 */
export const gcAfterwards = (gc: GcState): GcAfterwards => GcState.afterwards(gc);
