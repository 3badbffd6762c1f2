// Creates the load and store functions of a bit-field, by shift and mask of its word, for both byte orders.

import type { BitPlace, BitsType } from '../layout/bit-field.js';
import { isSigned, type ScalarName } from '../layout/scalars.js';
import type { Word, Words } from './masked-word.js';
import type { Memory } from './typed-memory.js';

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** How a bit-field is read and written in a view. */
export interface BitAccess {
  load(memory: Memory): unknown;
  store(memory: Memory, value: unknown): void;
}

/**
 * The access to a bit-field.
 *
 * @param bit its first bit from the start of the struct, as the compiler counts: from the least
 *   significant bit on a little-endian machine, from the most significant on a big-endian one
 */
export function bitAccess(type: BitsType, bit: number, place: BitPlace, words: Words): BitAccess {
  const { base, width } = type;
  const first = bit - place.offset * 8;
  const shift = littleEndian ? first : place.size * 8 - first - width;
  const index = place.offset / place.size;
  return place.size === 8
    ? wideAccess(base.name, width, BigInt(shift), index, words.u64)
    : narrowAccess(base.name, width, shift, index, words[NARROW[place.size]]);
}

const NARROW = { 1: 'u8', 2: 'u16', 4: 'u32' } as const;

function narrowAccess(
  name: ScalarName,
  width: number,
  shift: number,
  index: number,
  { load, replace }: Word<number>,
): BitAccess {
  const left = 32 - shift - width;
  const right = 32 - width;
  const mask = ((0xffff_ffff >>> right) << shift) >>> 0;
  const read: (memory: Memory) => number = isSigned(name)
    ? (memory) => (load(memory, index) << left) >> right
    : (memory) => (load(memory, index) << left) >>> right;
  const write = (memory: Memory, value: number) =>
    replace(memory, index, mask, ((value << shift) & mask) >>> 0);
  if (name === 'bool') {
    return {
      load: (memory) => read(memory) !== 0,
      store: (memory, value) => write(memory, value ? 1 : 0),
    };
  }
  if (name === 'i64' || name === 'u64') {
    return {
      load: (memory) => BigInt(read(memory)),
      store: (memory, value) => write(memory, Number(value)),
    };
  }
  return { load: read, store: (memory, value) => write(memory, value as number) };
}

function wideAccess(
  name: ScalarName,
  width: number,
  shift: bigint,
  index: number,
  { load, replace }: Word<bigint>,
): BitAccess {
  const mask = (2n ** BigInt(width) - 1n) << shift;
  const cut = isSigned(name) ? BigInt.asIntN : BigInt.asUintN;
  const read = (memory: Memory) => cut(width, load(memory, index) >> shift);
  const isBigint = name === 'i64' || name === 'u64';
  return {
    load: isBigint ? read : (memory) => Number(read(memory)),
    store: (memory, value) =>
      replace(memory, index, mask, (BigInt(value as number | bigint) << shift) & mask),
  };
}
