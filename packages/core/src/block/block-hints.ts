// Reads and writes the hints in a standard block: a single hint by one plain store, a group under the seqlock word `seq`. A group
// that finds the seqlock taken is kept and retried in later turns of the event loop.

import { setImmediate } from 'node:timers';
import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import { storeWhole, wholeOf } from '../view/int64.js';
import type { Buffer } from '../view/place.js';
import { THERE } from '../view/validate.js';
import { FIELD } from './abi.js';
import type { BlockWords } from './block-arrays.js';
import {
  type Bracketed,
  checkBatch,
  checkSlice,
  checkU64,
  convert,
  deadlineMsOf,
  deadlineNsOf,
  HINT_KEYS,
  type Hints,
  type HintValues,
  PHASES,
  phaseNumber,
  SLICE_MAX,
  type Urgency,
  urgencyOf,
} from './hints.js';
import { HintBit, type PhaseName, URGENCY_MAX } from './standard-values.js';

// Local copies of what the setters use, for speed: see THERE in view/validate.ts.
const there = THERE;
const numberOfUrgency = urgencyOf;
const checkOfSlice = checkSlice;
const urgencyMax = URGENCY_MAX;
const sliceMax = SLICE_MAX;
const checkWide = checkU64;
const store64 = storeWhole;

// A reference of load time, and not the global: a test's fake timers replace both, the global maybe before.
const nextTurn = setImmediate;

const PHASE = FIELD.phase;
const URGENCY = FIELD.urgency;
const HINTS = FIELD.hints;
const SLICE_US = FIELD.slice_us;
const DEADLINE_NS = FIELD.deadline_ns;
const USER = FIELD.user;
const SEQ = FIELD.seq;

/**
 * How often {@link BlockHints.set} looks at an odd `seq` before it gives up for this turn: about a
 * microsecond, where a writer that is running needs a tenth of one.
 */
const TRIES = 64;

const BATCH = HintBit.batch;

/** The method of {@link setChecked}. A symbol: it is not for applications. */
export const SET_CHECKED = Symbol('schedhint.setChecked');

/** The hints of a standard block. Each property is one store or load. */
export class BlockHints implements Hints {
  readonly #words: BlockWords;
  #u16!: Uint16Array;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;
  /** what a {@link set} could not write because the other writer was in the middle */
  #pending: Bracketed | undefined = undefined;
  /** Whether there is something pending, as an index of {@link THERE}: 0 = no. */
  #waiting = 0;
  #scheduled = false;

  /** @internal */
  constructor(words: BlockWords) {
    this.#words = words;
    this.#take();
    Object.freeze(this);
  }

  get urgency(): number {
    return this.#u32[URGENCY]!;
  }
  set urgency(value: Urgency) {
    let number = value as number;
    const fits =
      typeof value === 'number' && value >= 0 && value <= urgencyMax && Math.floor(value) === value;
    // A name, or what no urgency is: here, so that a number costs nothing for it.
    if (there[fits ? 0 : 1] === undefined) number = numberOfUrgency(value);
    if (there[this.#waiting] === undefined) this.#pending!.urgency = undefined;
    this.#u32[URGENCY] = number;
  }

  get batch(): boolean {
    return (this.#u32[HINTS]! & BATCH) !== 0;
  }
  set batch(value: boolean) {
    checkBatch(value);
    if (there[this.#waiting] === undefined) this.#pending!.batch = undefined;
    this.#u32[HINTS] = value ? BATCH : 0;
  }

  get sliceUs(): number {
    return this.#u32[SLICE_US]!;
  }
  set sliceUs(value: number) {
    const fits =
      typeof value === 'number' && value >= 0 && value <= sliceMax && Math.floor(value) === value;
    if (there[fits ? 0 : 1] === undefined) checkOfSlice(value);
    if (there[this.#waiting] === undefined) this.#pending!.sliceUs = undefined;
    this.#u32[SLICE_US] = value;
  }

  get deadlineMs(): number | null {
    return deadlineMsOf(this.deadlineNs);
  }
  set deadlineMs(value: number | null) {
    this.deadlineNs = deadlineNsOf(value);
  }

  get deadlineNs(): bigint {
    return this.#u64[DEADLINE_NS]!;
  }
  set deadlineNs(value: number | bigint) {
    checkWide('deadlineNs', value);
    if (there[this.#waiting] === undefined) this.#pending!.deadlineNs = undefined;
    if (typeof value === 'number') store64(this.#u64, DEADLINE_NS, value);
    else this.#u64[DEADLINE_NS] = value;
  }

  get user(): bigint {
    return this.#u64[USER]!;
  }
  set user(value: number | bigint) {
    checkWide('user', value);
    if (there[this.#waiting] === undefined) this.#pending!.user = undefined;
    if (typeof value === 'number') store64(this.#u64, USER, value);
    else this.#u64[USER] = value;
  }

  get phase(): PhaseName {
    return PHASES[this.#u16[PHASE]!] ?? 'none';
  }
  set phase(value: PhaseName) {
    this.#u16[PHASE] = phaseNumber(value);
  }

  set(values: HintValues): void {
    const converted = convert(values);
    const { urgency, batch, sliceUs, deadlineNs, user, phase } = converted;
    if (phase !== undefined) Atomics.store(this.#u16, PHASE, phase);
    // Without a key in the bracket there is nothing to bracket.
    if ((urgency ?? batch ?? sliceUs ?? deadlineNs ?? user) === undefined) return;
    const before = this.#pending;
    if (before === undefined) {
      if (!this.#write(converted)) this.#keep(converted);
      return;
    }
    this.#pending = {
      urgency: urgency ?? before.urgency,
      batch: batch ?? before.batch,
      sliceUs: sliceUs ?? before.sliceUs,
      deadlineNs: deadlineNs ?? before.deadlineNs,
      user: user ?? before.user,
    };
    this.#flush();
  }

  /** @internal */
  [SET_CHECKED](urgency: number, deadlineNs: number): void {
    const seq = this.#pending === undefined ? this.#enter() : undefined;
    if (seq === undefined) {
      this.set({ urgency, deadlineNs });
      return;
    }
    Atomics.store(this.#u32, URGENCY, urgency);
    Atomics.store(this.#u64, DEADLINE_NS, wholeOf(deadlineNs));
    Atomics.store(this.#u32, SEQ, (seq + 2) >>> 0);
  }

  reset(): void {
    this.set({ urgency: 0, batch: false, sliceUs: 0, deadlineNs: 0n, user: 0n, phase: 'none' });
  }

  toJSON(): Record<string, unknown> {
    return jsonOfGetters(this, HINT_KEYS);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return inspectGetters('Hints', this, HINT_KEYS, depth, options, inspect);
  }

  #keep(group: Bracketed): void {
    this.#pending = group;
    this.#waiting = 1;
    this.#tryLater();
  }

  /** Writes what is pending now, or sees to it that a later turn tries again. */
  #flush(): void {
    const group = this.#pending;
    if (group === undefined) return;
    if (this.#write(group)) {
      this.#pending = undefined;
      this.#waiting = 0;
    } else {
      this.#tryLater();
    }
  }

  #tryLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTurn(() => {
      this.#scheduled = false;
      this.#flush();
    }).unref();
  }

  /** Writes a group inside its bracket; false if the other writer keeps it. */
  #write(group: Bracketed): boolean {
    const seq = this.#enter();
    if (seq === undefined) return false;
    // Nothing in here can throw. Atomics, because plain stores could become visible before the odd
    // seq does where the machine reorders stores (arm64), or where the compiler does.
    const { urgency, batch, sliceUs, deadlineNs, user } = group;
    if (urgency !== undefined) Atomics.store(this.#u32, URGENCY, urgency);
    if (batch !== undefined) Atomics.store(this.#u32, HINTS, batch ? BATCH : 0);
    if (sliceUs !== undefined) Atomics.store(this.#u32, SLICE_US, sliceUs);
    if (deadlineNs !== undefined) Atomics.store(this.#u64, DEADLINE_NS, deadlineNs);
    if (user !== undefined) Atomics.store(this.#u64, USER, user);
    Atomics.store(this.#u32, SEQ, (seq + 2) >>> 0);
    return true;
  }

  /** Makes `seq` odd and returns the even value it had, or undefined if it stays odd. */
  #enter(): number | undefined {
    for (let tries = 0; tries < TRIES; tries++) {
      const seq = Atomics.load(this.#u32, SEQ);
      if (seq % 2 !== 0) continue;
      if (Atomics.compareExchange(this.#u32, SEQ, seq, seq + 1) === seq) return seq;
    }
    return undefined;
  }

  #take(): void {
    this.#u16 = this.#words.u16;
    this.#u32 = this.#words.u32;
    this.#u64 = this.#words.u64;
  }

  /** Whether a group waits for the block's other writer. @internal */
  static isWaiting(hints: BlockHints): boolean {
    return hints.#waiting === 1;
  }

  /**
   * When a handle is stopped: over a private copy of the block from now on. The copy may have caught a bracket half
   * open, which would never be closed; a pending group is written here, and never to the block.
   *
   * @internal
   */
  static move(hints: BlockHints, buffer: Buffer, byteOffset: number): void {
    hints.#words.point(buffer, byteOffset);
    hints.#take();
    const seq = hints.#u32[SEQ]!;
    if (seq % 2 !== 0) hints.#u32[SEQ] = seq + 1;
    hints.#flush();
  }
}

/**
 * `hints.set()` for urgency and deadline, without its checks: to look at names and types takes almost as long as the rest, and there
 * are two groups for each request.
 *
 * @param urgency 0..1024
 * @param deadlineNs an integer below 2^64; 0 = none
 */
export function setChecked(hints: Hints, urgency: number, deadlineNs: number): void {
  if (hints instanceof BlockHints) hints[SET_CHECKED](urgency, deadlineNs);
  else hints.set({ urgency, deadlineNs });
}
