import { rangeError, show, typeError } from './errors.js';
import type { ScalarType } from './scalars.js';

/**
 * Throws unless `value` may be stored.
 *
 * The order of the tests is measured, not taste: `typeof`, then `!(v >= min && v <= max)` (which NaN
 * fails too), then `Math.floor(v) !== v` cost nothing in optimised code, because V8 knows a small
 * integer when it sees one. `Number.isInteger(v)` adds 1.5 ns to a store of 0.5.
 */
export type Check = (value: unknown) => void;

/** An integer as a number. `expected` is what the message says of the range. */
export function integerCheck(name: string, min: number, max: number, expected: string): Check {
  return (value) => {
    if (
      typeof value !== 'number' ||
      !(value >= min && value <= max) ||
      Math.floor(value) !== value
    ) {
      refuse(name, expected, value, typeof value === 'number');
    }
  };
}

function bigintCheck(name: string, min: bigint, max: bigint): Check {
  const expected = `a bigint ${min}..${max}`;
  return (value) => {
    if (typeof value !== 'bigint' || value < min || value > max) {
      refuse(name, expected, value, typeof value === 'bigint');
    }
  };
}

/** Throws a RangeError where the type was right, else a TypeError. */
export function refuse(
  name: string,
  expected: string,
  value: unknown,
  typeIsRight: boolean,
): never {
  const message = `${name}: expected ${expected}, got ${show(value)}`;
  throw typeIsRight ? rangeError('ERR_FIELD_RANGE', message) : typeError('ERR_FIELD_TYPE', message);
}

/** The largest number below 2^64: every number up to it fits 64 bits. */
const MAX_U64_NUMBER = 2 ** 64 - 2 ** 11;
const MAX_I64_NUMBER = 2 ** 63 - 2 ** 10;

/** What a 64-bit field takes, for messages. */
export const U64_RANGE = `0..${2n ** 64n - 1n}`;
const I64_RANGE = `${-(2n ** 63n)}..${2n ** 63n - 1n}`;

/** The check of a field of a scalar type; `name` is what messages call the field. */
export function checkOf(name: string, type: ScalarType): Check {
  switch (type.name) {
    case 'i64':
      return bigintCheck(name, -(2n ** 63n), 2n ** 63n - 1n);
    case 'u64':
      return bigintCheck(name, 0n, 2n ** 64n - 1n);
    case 'i64n':
      return integerCheck(name, -(2 ** 63), MAX_I64_NUMBER, `an integer ${I64_RANGE}`);
    case 'u64n':
      return integerCheck(name, 0, MAX_U64_NUMBER, `an integer ${U64_RANGE}`);
    case 'f32':
      return (value) => {
        if (typeof value !== 'number') refuse(name, 'a number', value, false);
        // Infinity itself is a float; a finite number that turns into it has been lost.
        if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
          refuse(name, 'a number that fits a 32-bit float', value, true);
        }
      };
    case 'f64':
      return (value) => {
        if (typeof value !== 'number') refuse(name, 'a number', value, false);
      };
    default: {
      const signed = type.name.startsWith('i');
      const bits = type.size * 8;
      const min = signed ? -(2 ** (bits - 1)) : 0;
      const max = 2 ** (signed ? bits - 1 : bits) - 1;
      return integerCheck(name, min, max, `an integer ${min}..${max}`);
    }
  }
}

/** Whether a value is an integer 0 <= v < 2^64, as either type that JavaScript has for it. */
export function isU64(value: number | bigint): boolean {
  return typeof value === 'bigint'
    ? value >= 0n && value <= 0xffff_ffff_ffff_ffffn
    : value >= 0 && value <= MAX_U64_NUMBER && Math.floor(value) === value;
}
