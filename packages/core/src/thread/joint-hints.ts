// Implements Hints over several channels: a write goes to every channel, the first
// one last; a read returns the value of the first.

import {
  deadlineNsOf,
  HINT_KEYS,
  type Hints,
  type HintValues,
  type Urgency,
} from '../block/hints.js';
import type { PhaseName } from '../block/standard-values.js';
import { inspectGetters, jsonOfGetters } from '../view/inspect.js';

/** The hints of several channels: each assignment goes to all of them. */
export class JointHints implements Hints {
  readonly #first: Hints;
  // From the last to the first: what the first has, all have.
  readonly #all: readonly Hints[];

  /** @internal @param all at least one */
  constructor(all: readonly Hints[]) {
    this.#first = all[0]!;
    this.#all = [...all].reverse();
    Object.freeze(this);
  }

  /** Those that are read. @internal */
  static first(hints: JointHints): Hints {
    return hints.#first;
  }

  get urgency(): number {
    return this.#first.urgency;
  }
  set urgency(value: Urgency) {
    for (const hints of this.#all) hints.urgency = value;
  }

  get batch(): boolean {
    return this.#first.batch;
  }
  set batch(value: boolean) {
    for (const hints of this.#all) hints.batch = value;
  }

  get sliceUs(): number {
    return this.#first.sliceUs;
  }
  set sliceUs(value: number) {
    for (const hints of this.#all) hints.sliceUs = value;
  }

  get deadlineMs(): number | null {
    return this.#first.deadlineMs;
  }
  set deadlineMs(value: number | null) {
    this.deadlineNs = deadlineNsOf(value);
  }

  get deadlineNs(): bigint {
    return this.#first.deadlineNs;
  }
  set deadlineNs(value: number | bigint) {
    for (const hints of this.#all) hints.deadlineNs = value;
  }

  get user(): bigint {
    return this.#first.user;
  }
  set user(value: number | bigint) {
    for (const hints of this.#all) hints.user = value;
  }

  get phase(): PhaseName {
    return this.#first.phase;
  }
  set phase(value: PhaseName) {
    for (const hints of this.#all) hints.phase = value;
  }

  set(values: HintValues): void {
    for (const hints of this.#all) hints.set(values);
  }

  reset(): void {
    for (const hints of this.#all) hints.reset();
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
}
