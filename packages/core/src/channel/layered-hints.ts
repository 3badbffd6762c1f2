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
import type { PhaseName } from '../block/standard-block.js';
import { inspectGetters, jsonOfGetters } from '../view/inspect.js';
import type { Buffer } from '../view/typed-memory.js';
import type { LayeredMapping } from './channel.js';
import { checkHint } from './layered.js';

const NONE = -1;

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
