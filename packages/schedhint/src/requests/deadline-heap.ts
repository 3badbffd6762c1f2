/** What a {@link DeadlineHeap} holds: it keeps its own place there. */
export interface Due {
  deadlineNs: number;
  /** Index in the heap; {@link NOT_HELD}: in none. Written by the heap alone. */
  place: number;
}

/** The `place` of what is in no heap. */
export const NOT_HELD = -1;

/** A binary heap that has the earliest deadline at hand, and removes any entry in O(log n). */
export class DeadlineHeap {
  readonly #entries: Due[] = [];

  /** 0: no deadline. */
  get earliestNs(): number {
    return this.#entries.length === 0 ? 0 : this.#entries[0]!.deadlineNs;
  }

  add(entry: Due): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Does nothing for what is not held. */
  remove(entry: Due): void {
    const { place } = entry;
    if (place === NOT_HELD) return;
    entry.place = NOT_HELD;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    // The last one fills the gap, and belongs above or below it.
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  #rise(entry: Due, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#entries[above]!;
      if (parent.deadlineNs <= entry.deadlineNs) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(entry: Due, from: number): void {
    const { length } = this.#entries;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && this.#entries[right]!.deadlineNs < this.#entries[below]!.deadlineNs) {
        below = right;
      }
      const child = this.#entries[below]!;
      if (child.deadlineNs >= entry.deadlineNs) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: Due, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }
}
