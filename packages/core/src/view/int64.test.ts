import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadWhole, loadWholeSigned, storeWhole } from './int64.js';

const bits = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
/** Where halves carry, and where the bits are those of a double that is no number. */
const edges = fc
  .tuple(
    fc.constantFrom(0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n, 0x7ff0n << 48n),
    fc.constantFrom(-1n, 1n),
    fc.bigInt({ min: -4096n, max: 4096n }),
  )
  .map(([edge, sign, offset]) => edge * sign + offset);

test('stores what BigInt() would', () => {
  fc.assert(
    fc.property(fc.oneof(bits, edges), (wanted) => {
      const value = Number(wanted);
      fc.pre(value >= -(2 ** 63) && value < 2 ** 64);
      const words = new BigUint64Array(3).fill(7n);
      storeWhole(words, 1, value);
      expect([...words]).toEqual([7n, BigInt.asUintN(64, BigInt(value)), 7n]);
    }),
    { numRuns: 20_000 }, // so that optimised code is tested too
  );
});

test('loads round as Number() does', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
      const words = BigUint64Array.of(bits);
      const doubles = new Float64Array(words.buffer);
      const signed = new BigInt64Array(words.buffer);
      expect(loadWhole(doubles, words, 0)).toBe(Number(bits));
      expect(loadWholeSigned(doubles, signed, 0)).toBe(Number(BigInt.asIntN(64, bits)));
    }),
  );
});
