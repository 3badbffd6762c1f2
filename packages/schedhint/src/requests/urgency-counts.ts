// Counts requests by urgency, and finds the highest urgency in use through a bitmap.

import { URGENCY, URGENCY_MAX } from '@schedhint/core/thread';

const WORD = 32;

/** How many requests have each urgency, and the highest that one has. */
export class UrgencyCounts {
  readonly #counts = new Uint32Array(URGENCY_MAX + 1);
  /** A bit for each urgency that somebody has: 33 words to look through, not 1025 counts. */
  readonly #present = new Uint32Array(Math.ceil((URGENCY_MAX + 1) / WORD));
  #highest = 0;
  /** How many have an opinion. */
  #having = 0;

  /** 0: no opinion. Those that have none are as urgent as a scheduler takes them to be: normal. */
  get highest(): number {
    const highest = this.#highest;
    return highest < URGENCY.normal && this.#counts[URGENCY.none]! > 0 ? URGENCY.none : highest;
  }

  add(urgency: number): void {
    const before = this.#counts[urgency]!++;
    if (urgency === URGENCY.none) return;
    this.#having++;
    if (before > 0) return;
    this.#present[urgency >> 5]! |= 1 << (urgency & 31);
    if (urgency > this.#highest) this.#highest = urgency;
  }

  /** @param urgency one that was added */
  remove(urgency: number): void {
    const left = --this.#counts[urgency]!;
    if (urgency === URGENCY.none) return;
    this.#having--;
    if (left > 0) return;
    this.#present[urgency >> 5]! &= ~(1 << (urgency & 31));
    if (urgency !== this.#highest) return;
    this.#highest = this.#having === 0 ? 0 : this.#below(urgency >> 5);
  }

  /** The highest in this word or a lower one. */
  #below(from: number): number {
    for (let word = from; word >= 0; word--) {
      const bits = this.#present[word]!;
      if (bits !== 0) return word * WORD + (WORD - 1 - Math.clz32(bits));
    }
    return 0;
  }
}
