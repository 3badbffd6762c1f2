// Implements recordHints(): keeps what is written to a thread's hints, with the time, until it is stopped.

import { performance } from 'node:perf_hooks';
import { convert, deadlineMsOf, type Hints, type HintValues, PHASES } from '../block/hints.js';
import type { PhaseName } from '../block/standard-values.js';
import { checkNames, show, typeError } from '../errors.js';
import { attachThread } from '../thread/attach.js';
import { JointHints } from '../thread/joint-hints.js';
import type { Stoppable } from '../thread/stoppable.js';
import { Handle } from '../thread/thread-handle.js';
import { onWrites } from './writes.js';

/** The hints of a thread at one moment. */
export interface RecordedHints {
  /** 0 = no opinion. */
  readonly urgency: number;
  readonly batch: boolean;
  readonly sliceUs: number;
  /** By the scheduler's clock; 0n = none. */
  readonly deadlineNs: bigint;
  /** What was left at that moment, may be negative; null = none. */
  readonly deadlineMs: number | null;
  readonly user: bigint;
  readonly phase: PhaseName;
}

/** One write: all hints as they were after it. */
export interface RecordedEntry {
  /** When, as `performance.now()`. Fake timers do not change it. */
  readonly atMs: number;
  readonly hints: RecordedHints;
}

/**
 * What {@link HintsRecord.saw} compares: any of the hints, names and numbers as in {@link HintValues}. `null` is a hint that was taken
 * back. Without `deadlineAt`: which point of the wall clock a deadline was is known only to the millisecond.
 */
export interface SeenHints extends Omit<HintValues, 'deadlineAt' | 'deadlineMs'> {
  /** A deadline that was so many milliseconds away, or less, when it was written. It shrinks while a test runs, so nothing is equal. */
  deadlineMs?: number | null | undefined;
}

/** What {@link recordHints} returns. */
export interface HintsRecord extends Stoppable {
  /** One for each assignment and each group, oldest first. The array is a copy. */
  readonly entries: readonly RecordedEntry[];
  /** The hints now; after `stop()`, as they were then. */
  readonly last: RecordedHints;
  /**
   * Whether some entry has all these values.
   *
   * @throws TypeError `ERR_SCHEDHINT_OPTION` for a key that is no hint; TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError
   *   `ERR_SCHEDHINT_FIELD_RANGE` for a value that no hint can have
   */
  saw(values: SeenHints): boolean;
  /** Forgets the entries so far. */
  clear(): void;
}

// A reference of load time: a test's fake timers may replace it.
const now = performance.now.bind(performance);

const SEEN_KEYS = 'urgency batch sliceUs deadlineMs deadlineNs user phase'.split(' ');

/**
 * Records what is written to a thread's hints in this isolate: by assignment, by `set()` and `reset()`, by `trackRequests()`, through every
 * handle of the thread on the same map. It needs neither Linux nor the addon, and works with `SCHEDHINT=off`. It keeps every entry
 * until `clear()`. While nothing is recorded the hints are written by the same code as ever.
 *
 * Not recorded: collections, which C++ writes; what other isolates write, such as the worker itself to the hints that `hintsOf(worker)`
 * has here; and writes to `thread.blocks`. A group that waits for the block's other writer is recorded when it is written.
 *
 * @param of a thread, or the hints that `hintsOf(worker)` returned; by default the calling thread. Of a thread in several channels: its
 *   first one that carries hints
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is neither
 */
export function recordHints(of: { readonly hints: Hints } | Hints = attachThread()): HintsRecord {
  const given = (of as { readonly hints?: Hints } | null)?.hints ?? of;
  const hints = given instanceof JointHints ? JointHints.first(given) : (given as Hints);
  const blocks = Handle.writtenBy(hints);
  if (blocks === undefined) {
    const message = `recordHints: expected a thread, or what hintsOf() returned, got ${show(of)}`;
    throw typeError('ERR_SCHEDHINT_OPTION', message);
  }
  return new Recorder(hints, (writer) => Handle.writtenBy(writer) === blocks && blocks !== null);
}

class Recorder implements HintsRecord {
  readonly #hints: Hints;
  readonly #writes: Stoppable;
  #entries: RecordedEntry[] = [];
  #final: RecordedHints | undefined;

  /** @param isOurs whether hints are those of the recorded thread */
  constructor(hints: Hints, isOurs: (hints: Hints) => boolean) {
    this.#hints = hints;
    this.#writes = onWrites((writer) => {
      if (!isOurs(writer)) return;
      this.#entries.push(Object.freeze({ atMs: now(), hints: hintsNow(writer) }));
    });
  }

  get entries(): readonly RecordedEntry[] {
    return [...this.#entries];
  }

  get last(): RecordedHints {
    return this.#final ?? hintsNow(this.#hints);
  }

  saw(values: SeenHints): boolean {
    checkNames('saw', values, SEEN_KEYS);
    const { urgency, batch, sliceUs, deadlineNs, user, phase } = convert(values);
    const { deadlineMs } = values;
    const isDue = ({ hints }: RecordedEntry) =>
      typeof deadlineMs === 'number'
        ? hints.deadlineMs !== null && hints.deadlineMs <= deadlineMs
        : is(hints.deadlineNs, deadlineNs);
    return this.#entries.some(
      (entry) =>
        is(entry.hints.urgency, urgency) &&
        is(entry.hints.batch, batch) &&
        is(entry.hints.sliceUs, sliceUs) &&
        is(entry.hints.user, user) &&
        is(entry.hints.phase, phase === undefined ? undefined : PHASES[phase]) &&
        isDue(entry),
    );
  }

  clear(): void {
    this.#entries = [];
  }

  stop(): void {
    this.#final ??= hintsNow(this.#hints);
    this.#writes.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

function is<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}

function hintsNow({ urgency, batch, sliceUs, deadlineNs, user, phase }: Hints): RecordedHints {
  const deadlineMs = deadlineMsOf(deadlineNs);
  return Object.freeze({ urgency, batch, sliceUs, deadlineNs, deadlineMs, user, phase });
}
