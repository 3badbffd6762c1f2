import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadWhole, loadWholeSigned, storeWhole } from './whole64.js';

// The two arrays lie over different memory here, so that it shows which way a value took. Whether
// an engine really changes the bits of a NaN depends on its code generator; that it may is enough.
test('bits that are a NaN as a double never travel as one', () => {
  const patterns = fc.oneof(
    fc.bigInt({ min: 0x7ff0_0000_0000_0800n, max: 0x7fff_ffff_ffff_fc00n }),
    fc.bigInt({ min: 0xfff0_0000_0000_0800n, max: 0xffff_ffff_ffff_f800n }),
    fc.bigInt({ min: -(2n ** 52n) + 1n, max: -1n }),
  );
  fc.assert(
    fc.property(patterns, (pattern) => {
      const value = Number(pattern);
      fc.pre(value < 2 ** 64 && BigInt(value) !== 0x7ff0_0000_0000_0000n);
      const doubles = new Float64Array(1);
      const words = new BigUint64Array(1);
      storeWhole(doubles, words, 0, value);
      expect(words[0]).toBe(BigInt.asUintN(64, BigInt(value)));
      expect(new BigUint64Array(doubles.buffer)[0]).toBe(0n);
    }),
  );
});

test('all else travels as one double', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 0x7fef_ffff_ffff_fc00n }), (wanted) => {
      const value = Number(wanted);
      const bits = BigInt.asUintN(64, BigInt(value));
      fc.pre((bits & 0x7ff0_0000_0000_0000n) !== 0x7ff0_0000_0000_0000n);
      const doubles = new Float64Array(1);
      const words = new BigUint64Array(1);
      storeWhole(doubles, words, 0, value);
      expect(new BigUint64Array(doubles.buffer)[0]).toBe(bits);
      expect(words[0]).toBe(0n);
    }),
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
