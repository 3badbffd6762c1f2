// Work that allocates: most of it is garbage immediately, for scavenges, and some lives for a while and
// dies in the old generation, for mark-compacts.

/** Objects that are alive at a time. */
const SURVIVORS = 40_000;

export class Load {
  /** @type {object[]} */
  #survivors = Array.from({ length: SURVIVORS });
  #next = 0;

  /**
   * One request's worth of work.
   *
   * @param {number} size objects to make
   */
  request(size) {
    for (let i = 0; i < size; i++) {
      const made = { id: i, text: `object ${i}`, parts: [i, i + 1, i + 2, i + 3] };
      // It takes the place of one that has grown old by now.
      if (i % 8 === 0) this.#survivors[this.#next++ % SURVIVORS] = made;
    }
  }
}
