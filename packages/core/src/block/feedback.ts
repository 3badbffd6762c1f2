// Reads what is known of a thread (delays, preemptions): from the reader's fields of a standard block, and what the kernel has
// counted where no reader writes those.

import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import type { Buffer } from '../view/place.js';
import { FIELD } from './abi.js';
import type { BlockWords } from './block-arrays.js';
import type { UsageSoFar } from './thread-usage.js';

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
  'source',
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

/** How often a sample is taken again because the reader has stored meanwhile: it looks some hundred times a second. */
const TRIES = 3;

/** Exact to a nanosecond for 104 days. */
const milliseconds = (ns: bigint) => Number(ns) / 1e6;

/** Where feedback comes from. */
export type FeedbackSource =
  /** a reader: a scheduler, or the observer */
  | 'bpf'
  /** the kernel's own counters of the calling thread */
  | 'schedstat'
  /** neither of them: all is 0 */
  | 'none';

/** One consistent copy of the feedback. */
export interface FeedbackSample {
  readonly source: FeedbackSource;
  readonly runDelayNs: bigint;
  readonly runDelayMs: number;
  readonly onCpuNs: bigint;
  readonly onCpuMs: number;
  readonly preempted: number;
  /** null unless the source is `bpf`. */
  readonly gcRunDelayMs: number | null;
  readonly gcPreempted: number | null;
}

/** What there is without a reader. */
export interface WithoutReader {
  /** Whether a reader looks at the thread now. */
  readonly hasReader: boolean;
  /** What the kernel has counted; null: it is not known, or of another thread. */
  usage(): UsageSoFar | null;
}

const OF_READER_ALONE: WithoutReader = { hasReader: true, usage: () => null };

/**
 * What is known of a thread. Read-only. A reader (a scheduler, or the observer) counts for it since it has taken the thread over; each
 * property is then one load of what the reader last stored, so two of them may come from different moments: {@link Feedback.read} gives
 * one copy. Where no reader has looked at the thread, the kernel's own counters take their place, since the thread started: each property is
 * then a read of about 2 us, on the thread itself.
 *
 * Counters start again at 0 when a reader takes over, 32-bit ones also after 2^32-1.
 */
export class Feedback {
  readonly #words: BlockWords;
  readonly #without: WithoutReader;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;

  /** @internal */
  constructor(words: BlockWords, without: WithoutReader = OF_READER_ALONE) {
    this.#words = words;
    this.#without = without;
    this.#take();
    Object.freeze(this);
  }

  /**
   * Where it comes from now: `bpf` while a reader looks at the thread, `schedstat` where the kernel's counters can be read (on Linux, for
   * the calling thread), else `none`.
   */
  get source(): FeedbackSource {
    if (this.readerAbi !== 0 && this.#without.hasReader) return 'bpf';
    return this.#without.usage() === null ? 'none' : 'schedstat';
  }

  /** One consistent copy of what is known now: of a reader's look, or of one read of the kernel's counters. */
  read(): FeedbackSample {
    if (this.readerAbi !== 0 && this.#without.hasReader) return this.#sampleOfReader();
    const usage = this.#without.usage();
    return sampleOf(
      usage === null ? 'none' : 'schedstat',
      BigInt(usage?.runDelayNs ?? 0),
      BigInt(usage?.onCpuNs ?? 0),
      usage?.preempted ?? 0,
      null,
    );
  }

  /** A reader stores when it looks: what was copied between two looks is of one. */
  #sampleOfReader(): FeedbackSample {
    for (let tries = 0; ; tries++) {
      const seenNs = this.readerSeenNs;
      const [runDelayNs, onCpuNs] = [this.#u64[RUN_DELAY_NS]!, this.#u64[ON_CPU_NS]!];
      const sample = sampleOf('bpf', runDelayNs, onCpuNs, this.#u32[PREEMPTED]!, {
        runDelayNs: this.#u64[GC_RUN_DELAY_NS]!,
        preempted: this.#u32[GC_PREEMPTED]!,
      });
      if (seenNs === this.readerSeenNs || tries === TRIES) return sample;
    }
  }

  /** Null: a reader has the say. Without one the kernel has; where that says nothing either, the block's zeros do. */
  #counted(): UsageSoFar | null {
    return this.#u32[READER_ABI] === 0 ? this.#without.usage() : null;
  }

  /** The ABI the reader was built for; 0 = no reader has looked at this thread yet. */
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
    const counted = this.#counted();
    return counted === null ? this.#u64[RUN_DELAY_NS]! : BigInt(counted.runDelayNs);
  }

  /** The same in milliseconds. */
  get runDelayMs(): number {
    return milliseconds(this.runDelayNs);
  }

  /** Of {@link runDelayNs}, what fell into a pause of the collector. null: no reader has looked at the thread. */
  get gcRunDelayNs(): bigint | null {
    return this.readerAbi === 0 ? null : this.#u64[GC_RUN_DELAY_NS]!;
  }

  /** The same in milliseconds. */
  get gcRunDelayMs(): number | null {
    const ns = this.gcRunDelayNs;
    return ns === null ? null : milliseconds(ns);
  }

  /** Nanoseconds on a CPU. */
  get onCpuNs(): bigint {
    const counted = this.#counted();
    return counted === null ? this.#u64[ON_CPU_NS]! : BigInt(counted.onCpuNs);
  }

  /** The same in milliseconds. */
  get onCpuMs(): number {
    return milliseconds(this.onCpuNs);
  }

  /** Involuntary switches, modulo 2^32. */
  get preempted(): number {
    return this.#counted()?.preempted ?? this.#u32[PREEMPTED]!;
  }

  /** Of {@link preempted}, those during a pause of the collector. null: no reader has looked at the thread. */
  get gcPreempted(): number | null {
    return this.readerAbi === 0 ? null : this.#u32[GC_PREEMPTED]!;
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

function sampleOf(
  source: FeedbackSource,
  runDelayNs: bigint,
  onCpuNs: bigint,
  preempted: number,
  gc: { readonly runDelayNs: bigint; readonly preempted: number } | null,
): FeedbackSample {
  return {
    source,
    runDelayNs,
    runDelayMs: milliseconds(runDelayNs),
    onCpuNs,
    onCpuMs: milliseconds(onCpuNs),
    preempted,
    gcRunDelayMs: gc === null ? null : milliseconds(gc.runDelayNs),
    gcPreempted: gc === null ? null : gc.preempted,
  };
}
