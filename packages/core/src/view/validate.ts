// Makes the checks that a field's setter runs before it stores a value: type and range. They run at each store, so their
// form is chosen for V8: see Check and THERE.

import { rangeError, show, typeError } from '../errors.js';
import { isSigned, type ScalarType } from '../layout/scalars.js';

/**
 * Throws unless `value` may be stored.
 *
 * The order of the tests is measured, not taste: `typeof`, then `!(v >= min && v <= max)` (which NaN
 * fails too), then `Math.floor(v) !== v` cost nothing in optimised code, because V8 knows a small
 * integer when it sees one. `Number.isInteger(v)` adds 1.5 ns to a store of 0.5.
 */
export type Check = (value: unknown) => void;

/**
 * A branch that V8 does not see as one. It has an element 0 and no element 1: `if (THERE[fits ? 0 : 1] === undefined) throw`. In a loop, V8
 * does once for all rounds what never changes (checks of types, loads of addresses), but not if the
 * loop can be left in the middle, by a `throw`. Then an assignment in it costs 3.5 ns more, and so
 * does whatever else the application does there. Optimised code only sees that the index is within
 * bounds, where a branch would be, and is thrown away if it once is not.
 *
 * To be used by a local name, as all else that an accessor uses: an import is looked up each time, and
 * asked whether it is there yet, which is another way out of the loop. And in place, in the accessors
 * that matter most: each call leaves V8 a frame more to describe, and Node.js 24 unrolls only loops of
 * which little has to be described.
 */
export const THERE: Uint8Array = new Uint8Array(1);

/** What an integer may be; `expected` is what messages say of it. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly expected: string;
}

/** An integer as a number. */
export function integerCheck(name: string, { min, max, expected }: Range): Check {
  const there = THERE;
  return (value) => {
    const fits =
      typeof value === 'number' && value >= min && value <= max && Math.floor(value) === value;
    if (there[fits ? 0 : 1] === undefined) {
      refuse(name, expected, value, typeof value === 'number');
    }
  };
}

/** An integer of up to 64 bits, as a bigint or as a whole number. */
function wideCheck(name: string, bits: number, signed: boolean): Check {
  // Two's complement of so many bits leaves what fits as it is. `<` and `>` are calls, and cost 16 ns.
  const cut = signed ? BigInt.asIntN : BigInt.asUintN;
  const top = 2n ** BigInt(signed ? bits - 1 : bits);
  const min = signed ? -top : 0n;
  const minNumber = Number(min);
  const maxNumber = largestNumberBelow(top);
  const expected = `a bigint or an integer ${min}..${top - 1n}`;
  const there = THERE;
  return (value) => {
    if (typeof value === 'bigint') {
      if (cut(bits, value) !== value) refuse(name, expected, value, true);
      return;
    }
    const fits =
      typeof value === 'number' &&
      value >= minNumber &&
      value <= maxNumber &&
      Math.floor(value) === value;
    if (there[fits ? 0 : 1] === undefined) {
      refuse(name, expected, value, typeof value === 'number');
    }
  };
}

/** Of the numbers below a power of two; beyond 2^53 not every integer is one. */
function largestNumberBelow(top: bigint): number {
  return Number(top) - (top > 2n ** 53n ? Number(top / 2n ** 53n) : 1);
}

/** Throws a RangeError where the type was right, else a TypeError. */
export function refuse(
  name: string,
  expected: string,
  value: unknown,
  typeIsRight: boolean,
): never {
  const message = `${name}: expected ${expected}, got ${show(value)}`;
  throw typeIsRight
    ? rangeError('ERR_SCHEDHINT_FIELD_RANGE', message)
    : typeError('ERR_SCHEDHINT_FIELD_TYPE', message);
}

const MAX_U64_NUMBER = largestNumberBelow(2n ** 64n);
const MAX_I64_NUMBER = largestNumberBelow(2n ** 63n);

/** What a 64-bit field takes, for messages. */
export const U64_RANGE = `0..${2n ** 64n - 1n}`;
const I64_RANGE = `${-(2n ** 63n)}..${2n ** 63n - 1n}`;

/** The check of a field of a scalar type; `name` is what messages call the field. */
export function checkOf(name: string, type: ScalarType): Check {
  switch (type.name) {
    case 'i64':
      return wideCheck(name, 64, true);
    case 'u64':
      return wideCheck(name, 64, false);
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
    case 'bool':
      return booleanCheck(name);
    default:
      return integerCheck(name, rangeOf(type)!);
  }
}

/** Of a type whose values are integers as numbers. */
export function rangeOf({ name, size }: ScalarType): Range | undefined {
  switch (name) {
    case 'i64n':
      return { min: -(2 ** 63), max: MAX_I64_NUMBER, expected: `an integer ${I64_RANGE}` };
    case 'u64n':
      return { min: 0, max: MAX_U64_NUMBER, expected: `an integer ${U64_RANGE}` };
    case 'i64':
    case 'u64':
    case 'f32':
    case 'f64':
    case 'bool':
      return undefined;
    default:
      return rangeOfBits(size * 8, isSigned(name));
  }
}

function booleanCheck(name: string): Check {
  return (value) => {
    if (typeof value !== 'boolean') refuse(name, 'a boolean', value, false);
  };
}

function rangeOfBits(bits: number, signed: boolean): Range {
  const min = signed ? -(2 ** (bits - 1)) : 0;
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  return { min, max, expected: `an integer ${min}..${max}` };
}

/** The check of a bit-field of `width` bits, whose values are those of `type`. */
export function bitFieldCheckOf(name: string, type: ScalarType, width: number): Check {
  if (width === type.size * 8 || type.name === 'bool') return checkOf(name, type);
  const signed = isSigned(type.name);
  if (type.name !== 'i64' && type.name !== 'u64') {
    return integerCheck(name, rangeOfBits(width, signed));
  }
  return wideCheck(name, width, signed);
}

/** Whether a value is an integer 0 <= v < 2^64, as either type that JavaScript has for it. */
export function isU64(value: number | bigint): boolean {
  return typeof value === 'bigint'
    ? BigInt.asUintN(64, value) === value
    : value >= 0 && value <= MAX_U64_NUMBER && Math.floor(value) === value;
}
