// Reads the reader's fields of a standard block (delays, preemptions, when it last looked) as a read-only view.

import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import type { Buffer } from '../view/place.js';
import { FIELD } from './abi.js';
import type { BlockWords } from './block-arrays.js';

const READER_ABI = FIELD.reader_abi;
const READER_FLAGS = FIELD.reader_flags;
const READER_SEEN_NS = FIELD.reader_seen_ns;
const RUN_DELAY_NS = FIELD.run_delay_ns;
const GC_RUN_DELAY_NS = FIELD.gc_run_delay_ns;
const ON_CPU_NS = FIELD.on_cpu_ns;
const PREEMPTED = FIELD.preempted;
const GC_PREEMPTED = FIELD.gc_preempted;
const GRANTED_NS = FIELD.granted_ns;
const THROTTLED_NS = FIELD.throttled_ns;
const REFUSED = FIELD.refused;

const KEYS = [
  'readerAbi',
  'readerFlags',
  'readerSeenNs',
  'runDelayNs',
  'gcRunDelayNs',
  'onCpuNs',
  'preempted',
  'gcPreempted',
  'grantedNs',
  'throttledNs',
  'refused',
] as const;

/** Exact to a nanosecond for 104 days. */
const milliseconds = (ns: bigint) => Number(ns) / 1e6;

/**
 * What the reader (a scheduler, or the observer) tells a thread. Read-only; each property is one
 * load of what the reader last stored, so two of them may come from different moments. Counters
 * start again at 0 when another reader takes over, 32-bit ones also after 2^32-1.
 */
export class Feedback {
  readonly #words: BlockWords;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;

  /** @internal */
  constructor(words: BlockWords) {
    this.#words = words;
    this.#take();
    Object.freeze(this);
  }

  /** The ABI the reader was built for; 0 = nobody has looked at this thread yet. */
  get readerAbi(): number {
    return this.#u32[READER_ABI]!;
  }

  /** Bits of `ReaderFlag`: what the reader acts on. */
  get readerFlags(): number {
    return this.#u32[READER_FLAGS]!;
  }

  /** When the reader last looked: CLOCK_MONOTONIC nanoseconds in the initial time namespace. */
  get readerSeenNs(): bigint {
    return this.#u64[READER_SEEN_NS]!;
  }

  /** Nanoseconds that the thread was runnable but had no CPU. */
  get runDelayNs(): bigint {
    return this.#u64[RUN_DELAY_NS]!;
  }

  /** The same in milliseconds. */
  get runDelayMs(): number {
    return milliseconds(this.runDelayNs);
  }

  /** Of {@link runDelayNs}, what fell into a pause of the collector. */
  get gcRunDelayNs(): bigint {
    return this.#u64[GC_RUN_DELAY_NS]!;
  }

  /** The same in milliseconds. */
  get gcRunDelayMs(): number {
    return milliseconds(this.gcRunDelayNs);
  }

  /** Nanoseconds on a CPU. */
  get onCpuNs(): bigint {
    return this.#u64[ON_CPU_NS]!;
  }

  /** The same in milliseconds. */
  get onCpuMs(): number {
    return milliseconds(this.onCpuNs);
  }

  /** Involuntary switches, modulo 2^32. */
  get preempted(): number {
    return this.#u32[PREEMPTED]!;
  }

  /** Of {@link preempted}, those during a pause of the collector. */
  get gcPreempted(): number {
    return this.#u32[GC_PREEMPTED]!;
  }

  /** Nanoseconds that the thread ran earlier, or longer, than it would have without hints. */
  get grantedNs(): bigint {
    return this.#u64[GRANTED_NS]!;
  }

  /** The same in milliseconds. */
  get grantedMs(): number {
    return milliseconds(this.grantedNs);
  }

  /** Nanoseconds that the thread was runnable but held back for its cgroup's `cpu.max`. */
  get throttledNs(): bigint {
    return this.#u64[THROTTLED_NS]!;
  }

  /** The same in milliseconds. */
  get throttledMs(): number {
    return milliseconds(this.throttledNs);
  }

  /** How often hints were not followed because their budget was used up, modulo 2^32. */
  get refused(): number {
    return this.#u32[REFUSED]!;
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
    return inspectGetters('Feedback', this, KEYS, depth, options, inspect);
  }

  /** @internal */
  static move(view: Feedback, buffer: Buffer, byteOffset: number): void {
    view.#words.point(buffer, byteOffset);
    view.#take();
  }

  #take(): void {
    this.#u32 = this.#words.u32;
    this.#u64 = this.#words.u64;
  }
}
