// Implements Hints for scx_layered: stores all hints in a private block and
// publishes only the urgency, mapped to one number, with a bpf(2) call.

import { BlockHints } from '../block/block-hints.js';
import {
  deadlineMsOf,
  deadlineNsOf,
  HINT_KEYS,
  type Hints,
  type HintValues,
  type Urgency,
  urgencyOf,
} from '../block/hints.js';
import { type PhaseName, URGENCY_MAX } from '../block/standard-values.js';
import { rangeError, show } from '../errors.js';
import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import type { Buffer } from '../view/place.js';

const NONE = -1;

/** How hints become scx_layered's one number: 0..1024, or null for the normal one. */
export interface LayeredMapping {
  /** During a collection's pause; null: as otherwise. */
  readonly gc: number | null;
  /** Of an urgency of 1..1024. */
  readonly urgency: (urgency: number) => number | null;
}

/** Hints of which one reaches the kernel, by a call: the urgency. All are kept in a block. */
export class LayeredHints implements Hints {
  readonly #values: BlockHints;
  readonly #mapping: LayeredMapping;
  readonly #publish: (hint: number) => void;

  /** @internal @param publish gets 0..1024, or -1 for no hint: the addon puts the normal number in its place */
  constructor(values: BlockHints, mapping: LayeredMapping, publish: (hint: number) => void) {
    this.#values = values;
    this.#mapping = mapping;
    this.#publish = publish;
    Object.freeze(this);
  }

  get urgency(): number {
    return this.#values.urgency;
  }
  set urgency(value: Urgency) {
    const hint = this.#hintOf(value);
    this.#values.urgency = value;
    this.#publish(hint);
  }

  get batch(): boolean {
    return this.#values.batch;
  }
  set batch(value: boolean) {
    this.#values.batch = value;
  }

  get sliceUs(): number {
    return this.#values.sliceUs;
  }
  set sliceUs(value: number) {
    this.#values.sliceUs = value;
  }

  get deadlineMs(): number | null {
    return deadlineMsOf(this.deadlineNs);
  }
  set deadlineMs(value: number | null) {
    this.deadlineNs = deadlineNsOf(value);
  }

  get deadlineNs(): bigint {
    return this.#values.deadlineNs;
  }
  set deadlineNs(value: number | bigint) {
    this.#values.deadlineNs = value;
  }

  get user(): bigint {
    return this.#values.user;
  }
  set user(value: number | bigint) {
    this.#values.user = value;
  }

  get phase(): PhaseName {
    return this.#values.phase;
  }
  set phase(value: PhaseName) {
    this.#values.phase = value;
  }

  set(values: HintValues): void {
    const { urgency } = values ?? {};
    const hint = urgency === undefined ? undefined : this.#hintOf(urgency ?? 0);
    this.#values.set(values);
    if (hint !== undefined) this.#publish(hint);
  }

  reset(): void {
    this.#values.reset();
    this.#publish(NONE);
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

  /** As {@link BlockHints.isWaiting}. @internal */
  static isWaiting(hints: LayeredHints): boolean {
    return BlockHints.isWaiting(hints.#values);
  }

  /** @internal */
  static move(hints: LayeredHints, buffer: Buffer, byteOffset: number): void {
    BlockHints.move(hints.#values, buffer, byteOffset);
  }

  #hintOf(value: Urgency): number {
    const urgency = urgencyOf(value);
    if (urgency === 0) return NONE;
    const hint = this.#mapping.urgency(urgency);
    checkHint(hint);
    return hint ?? NONE;
  }
}

/** Throws unless a mapping's result is one. @throws RangeError `ERR_SCHEDHINT_FIELD_RANGE` */
function checkHint(hint: unknown): asserts hint is number | null {
  if (hint !== null && !isHint(hint)) {
    throw rangeError(
      'ERR_SCHEDHINT_FIELD_RANGE',
      `layered: expected urgency() to give null or an integer 0..1024, got ${show(hint)}`,
    );
  }
}

/** Whether scx_layered's map takes the value. */
export function isHint(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= URGENCY_MAX;
}
