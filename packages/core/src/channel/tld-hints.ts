// Implements Hints over task local data: one 64-bit store for each hint, divided by the key's `per` and rounded up. Hints without
// a key stay in private memory, and a group is not atomic.

import {
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
  type Urgency,
  urgencyOf,
} from '../block/hints.js';
import type { PhaseName } from '../block/standard-values.js';
import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import { loadWhole, storeWhole } from '../view/int64.js';
import type { Buffer } from '../view/place.js';
import type { TldPlaces } from './tld-keys.js';

/** One 64-bit value, in a thread's task local data or, where no key takes it, kept here. */
class Cell {
  readonly #offset: number | undefined;
  readonly #per: number;
  #words: BigUint64Array = new BigUint64Array(1);
  #doubles: Float64Array = new Float64Array(this.#words.buffer);

  constructor(place: { offset: number; per: number } | undefined) {
    this.#offset = place?.offset;
    this.#per = place?.per ?? 1;
  }

  point(buffer: Buffer, start: number): void {
    if (this.#offset === undefined) return;
    this.#words = new BigUint64Array(buffer, start + this.#offset, 1);
    this.#doubles = new Float64Array(buffer, start + this.#offset, 1);
  }

  get number(): number {
    return loadWhole(this.#doubles, this.#words, 0) * this.#per;
  }
  set number(value: number) {
    // Up, so that a wish stays one.
    const scaled = this.#per === 1 ? value : Math.ceil(value / this.#per);
    storeWhole(this.#words, 0, scaled);
  }

  get bigint(): bigint {
    return this.#words[0]! * BigInt(this.#per);
  }
  set bigint(value: bigint) {
    const per = BigInt(this.#per);
    this.#words[0] = per === 1n ? value : (value + per - 1n) / per;
  }

  set either(value: number | bigint) {
    if (typeof value === 'number' && this.#per === 1) this.number = value;
    else this.bigint = BigInt(value);
  }
}

/**
 * The hints of task local data: each is one 64-bit store under a separate name. There is nothing to
 * bracket a group with, so `set` stores one after the other.
 */
export class TldHints implements Hints {
  readonly #urgency: Cell;
  readonly #batch: Cell;
  readonly #sliceUs: Cell;
  readonly #deadlineNs: Cell;
  readonly #user: Cell;
  readonly #phase: Cell;

  /** @internal @param start of the thread's values in the buffer */
  constructor(buffer: Buffer, start: number, { hints }: TldPlaces) {
    this.#urgency = new Cell(hints.urgency);
    this.#batch = new Cell(hints.batch);
    this.#sliceUs = new Cell(hints.sliceUs);
    this.#deadlineNs = new Cell(hints.deadlineNs);
    this.#user = new Cell(hints.user);
    this.#phase = new Cell(hints.phase);
    this.#point(buffer, start);
    Object.freeze(this);
  }

  get urgency(): number {
    return this.#urgency.number;
  }
  set urgency(value: Urgency) {
    this.#urgency.number = urgencyOf(value);
  }

  get batch(): boolean {
    return this.#batch.number !== 0;
  }
  set batch(value: boolean) {
    checkBatch(value);
    this.#batch.number = value ? 1 : 0;
  }

  get sliceUs(): number {
    return this.#sliceUs.number;
  }
  set sliceUs(value: number) {
    checkSlice(value);
    this.#sliceUs.number = value;
  }

  get deadlineMs(): number | null {
    return deadlineMsOf(this.deadlineNs);
  }
  set deadlineMs(value: number | null) {
    this.deadlineNs = deadlineNsOf(value);
  }

  get deadlineNs(): bigint {
    return this.#deadlineNs.bigint;
  }
  set deadlineNs(value: number | bigint) {
    checkU64('deadlineNs', value);
    this.#deadlineNs.either = value;
  }

  get user(): bigint {
    return this.#user.bigint;
  }
  set user(value: number | bigint) {
    checkU64('user', value);
    this.#user.either = value;
  }

  get phase(): PhaseName {
    return PHASES[this.#phase.number] ?? 'none';
  }
  set phase(value: PhaseName) {
    this.#phase.number = phaseNumber(value);
  }

  set(values: HintValues): void {
    const { urgency, batch, sliceUs, deadlineNs, user, phase } = convert(values);
    if (phase !== undefined) this.#phase.number = phase;
    if (urgency !== undefined) this.#urgency.number = urgency;
    if (batch !== undefined) this.#batch.number = batch ? 1 : 0;
    if (sliceUs !== undefined) this.#sliceUs.number = sliceUs;
    if (deadlineNs !== undefined) this.#deadlineNs.bigint = deadlineNs;
    if (user !== undefined) this.#user.bigint = user;
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

  /** @internal */
  static move(hints: TldHints, buffer: Buffer, start: number): void {
    hints.#point(buffer, start);
  }

  #point(buffer: Buffer, start: number): void {
    this.#urgency.point(buffer, start);
    this.#batch.point(buffer, start);
    this.#sliceUs.point(buffer, start);
    this.#deadlineNs.point(buffer, start);
    this.#user.point(buffer, start);
    this.#phase.point(buffer, start);
  }
}
