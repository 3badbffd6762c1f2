/**
 * 64-bit integers to and from shared memory as JavaScript numbers, whole.
 *
 * A reader in the kernel must never see one half of the old value with one half of the new, so there
 * is one 64-bit load or store, and the halves are put together or taken apart beforehand.
 */

/**
 * Stores an integer -2^63 <= value < 2^64 with one 64-bit store; the caller has checked it.
 *
 * Two halves of 32 bits each become a bigint with a sign, and are added up modulo 2^64: V8 knows that
 * all of this fits 64 bits, and makes machine integers of it in optimised code (3-6 ns, nothing is
 * allocated). `BigInt(value)` takes 130 ns, and a detour of the halves over a scratch in memory 11,
 * since the processor cannot forward two stores to one load. docs/performance.md has more.
 *
 * @param words the memory; a negative value is stored as two's complement, as in C
 * @param index in elements
 */
export function storeWhole(words: BigUint64Array, index: number, value: number): void {
  words[index] = wholeOf(value);
}

/** The bigint of {@link storeWhole}, for a store that is not a plain one. */
export function wholeOf(value: number): bigint {
  // Exact: what is left without the low half is a multiple of 2^32, and `| 0` takes it modulo 2^32.
  const low = value | 0;
  const high = ((value - low) / 0x1_0000_0000) | 0;
  return BigInt.asUintN(
    64,
    BigInt.asIntN(64, BigInt(high)) * 0x1_0000_0000n + BigInt.asIntN(64, BigInt(low)),
  );
}

const scratch = new ArrayBuffer(8);
const halves = new Uint32Array(scratch);
const double = new Float64Array(scratch);
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LOW = littleEndian ? 0 : 1;
const HIGH = 1 - LOW;
const EXPONENT = 0x7ff0_0000;

// `Float64Array` is the carrier of a load because a bigint is allocated. JavaScript may replace the
// bits of one NaN by those of another, so values whose bits are those of an infinity or a NaN
// (exponent all ones: from 0x7FF0000000000000, and small negative ones such as -1) take the way over
// a bigint.

/** Loads an unsigned 64-bit integer with one 64-bit load; rounded to the nearest number beyond 2^53. */
export function loadWhole(doubles: Float64Array, words: BigUint64Array, index: number): number {
  double[0] = doubles[index]!;
  const high = halves[HIGH]!;
  if ((high & EXPONENT) === EXPONENT) return Number(words[index]);
  return high * 0x1_0000_0000 + halves[LOW]!;
}

/** Loads a signed 64-bit integer with one 64-bit load; rounded to the nearest number beyond 2^53. */
export function loadWholeSigned(
  doubles: Float64Array,
  words: BigInt64Array,
  index: number,
): number {
  double[0] = doubles[index]!;
  const high = halves[HIGH]!;
  if ((high & EXPONENT) === EXPONENT) return Number(words[index]);
  return (high | 0) * 0x1_0000_0000 + halves[LOW]!;
}
