/**
 * 64-bit integers to and from shared memory as JavaScript numbers, whole.
 *
 * A reader in the kernel must never see one half of the old value with one half of the new, so the
 * halves are put together in a scratch that nobody else sees, and moved with one 64-bit load and
 * store. `Float64Array` is the carrier because `BigInt(n)` allocates (55 ns against 11).
 *
 * JavaScript may replace the bits of one NaN by those of another, so values whose bits are those of
 * an infinity or a NaN (exponent all ones: from 0x7FF0000000000000, and small negative ones such
 * as -1) take the way over a bigint.
 */

const scratch = new ArrayBuffer(8);
const halves = new Uint32Array(scratch);
const double = new Float64Array(scratch);
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LOW = littleEndian ? 0 : 1;
const HIGH = 1 - LOW;
const EXPONENT = 0x7ff0_0000;

/**
 * Stores an integer -2^63 <= value < 2^64 with one 64-bit store; the caller has checked it.
 *
 * @param doubles the memory, as doubles
 * @param words the same memory, as integers
 * @param index in elements
 */
export function storeWhole(
  doubles: Float64Array,
  words: BigUint64Array | BigInt64Array,
  index: number,
  value: number,
): void {
  // Exact: scaling by 2^32 loses no bit, and the rest is below 2^32.
  const high = Math.floor(value / 0x1_0000_0000);
  if ((high & EXPONENT) === EXPONENT) {
    words[index] = BigInt(value);
    return;
  }
  halves[LOW] = value - high * 0x1_0000_0000;
  halves[HIGH] = high;
  doubles[index] = double[0]!;
}

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
