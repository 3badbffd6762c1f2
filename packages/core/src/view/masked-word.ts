// Reads and replaces bit-fields in an unsigned word of 8 to 64 bits. The plain form loads and stores, and may lose a concurrent
// store to the same word; the ordered form retries an atomic compare-and-exchange.

import { type Memory, ordered, plain, wordsOf } from './typed-memory.js';

/** How bits of an unsigned word are read and replaced; nothing is checked. */
export interface Word<V extends number | bigint> {
  load(memory: Memory, index: number): V;
  /** Stores `bits`, which are inside `mask`, and leaves the other bits of the word as they are. */
  replace(memory: Memory, index: number, mask: V, bits: V): void;
}

/** A {@link Word} for each size. */
export interface Words {
  readonly u8: Word<number>;
  readonly u16: Word<number>;
  readonly u32: Word<number>;
  readonly u64: Word<bigint>;
}

function plainWord(name: 'u8' | 'u16' | 'u32'): Word<number> {
  const { load, store } = plain[name];
  return {
    load,
    replace: (m, k, mask, bits) => store(m, k, ((load(m, k) & ~mask) | bits) >>> 0),
  };
}

/** Words whose bits are replaced by a load and a store: another writer's store between is lost. */
export const plainWords: Words = {
  u8: plainWord('u8'),
  u16: plainWord('u16'),
  u32: plainWord('u32'),
  u64: {
    load: plain.u64.load,
    replace: (m, k, mask, bits) => plain.u64.store(m, k, (plain.u64.load(m, k) & ~mask) | bits),
  },
};

function orderedWord(name: 'u8' | 'u16' | 'u32'): Word<number> {
  return {
    load: ordered[name].load,
    replace(m, k, mask, bits) {
      const words = wordsOf(m, name) as Uint32Array;
      let seen = Atomics.load(words, k);
      for (;;) {
        const was = Atomics.compareExchange(words, k, seen, ((seen & ~mask) | bits) >>> 0);
        if (was === seen) return;
        seen = was;
      }
    },
  };
}

/** Words whose bits are replaced by compare-and-exchange: no other writer's store is lost. */
export const orderedWords: Words = {
  u8: orderedWord('u8'),
  u16: orderedWord('u16'),
  u32: orderedWord('u32'),
  u64: {
    load: ordered.u64.load,
    replace(m, k, mask, bits) {
      const words = wordsOf(m, 'u64') as BigUint64Array;
      let seen = Atomics.load(words, k);
      for (;;) {
        const was = Atomics.compareExchange(words, k, seen, (seen & ~mask) | bits);
        if (was === seen) return;
        seen = was;
      }
    },
  },
};
