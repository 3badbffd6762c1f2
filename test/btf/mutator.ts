/** Numbers that readers stumble over. */
const NASTY = [
  0, 1, 2, 3, 0x7f, 0xff, 0xffff, 0x1_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

/** Changes files at random, always the same for the same seed. */
export class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** An integer 0 <= n < limit. */
  below(limit: number): number {
    // xorshift32
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** A changed copy; `other` is what parts may be taken from. */
  mutate(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    let mutated: Uint8Array = Uint8Array.from(bytes);
    for (let changes = 1 + this.below(6); changes > 0; changes--) {
      mutated = this.#change(mutated, other);
    }
    return mutated;
  }

  #change(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    if (bytes.length < 8) return bytes;
    const at = this.below(bytes.length);
    const word = this.below(bytes.length >>> 2) << 2;
    const data = new DataView(bytes.buffer);
    switch (this.below(7)) {
      case 0:
        bytes[at] = bytes[at]! ^ (1 << this.below(8));
        return bytes;
      case 1:
        bytes[at] = this.below(256);
        return bytes;
      case 2:
        data.setUint32(word, NASTY[this.below(NASTY.length)]!, this.below(2) === 0);
        return bytes;
      case 3:
        data.setUint32(word, data.getUint32(word, true) + this.below(9) - 4, true);
        return bytes;
      case 4:
        return bytes.slice(0, at);
      case 5: {
        // A word for another's: types that refer to others, offsets of other names.
        data.setUint32(word, data.getUint32(this.below(bytes.length >>> 2) << 2));
        return bytes;
      }
      default: {
        const from = this.below(other.length);
        const part = other.subarray(from, from + this.below(64)).slice(0, bytes.length - at);
        bytes.set(part, at);
        return bytes;
      }
    }
  }
}
