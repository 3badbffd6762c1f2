// Defines the type of a bit-field member, and computes the aligned word through which a view reads and writes it.

import { rangeError, show, typeError } from '../errors.js';
import { isScalarName, type ScalarName, type ScalarType } from './scalars.js';

/** A bit-field of C. Made by {@link bits}. */
export interface BitsType<N extends ScalarName = ScalarName> {
  readonly kind: 'bits';
  /** the declared type: `u32` in `__u32 flag : 1` */
  readonly base: ScalarType<N>;
  /** bits */
  readonly width: number;
  /** bytes of the declared type */
  readonly size: number;
  /** bytes */
  readonly align: number;
}

/**
 * A bit-field as a member of a struct or a union: `bits(u32, 3)` is C's `__u32 name : 3`.
 *
 * Reading one is a load and a shift. Assigning one is a load, a mask and a store of the aligned word
 * that it lies in, so that two threads that assign to bit-fields of one word may lose one of the two
 * values; `ordered(view)` assigns with a compare-and-exchange and loses none.
 *
 * @param type an integer, an enumeration, or `bool` with a width of 1
 * @param width bits: 1..8 times the type's size
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` if `type` is no integer
 * @throws RangeError `ERR_SCHEDHINT_LAYOUT` if it has not that many bits
 */
export function bits<N extends Exclude<ScalarName, 'f32' | 'f64'>>(
  type: ScalarType<N>,
  width: number,
): BitsType<N> {
  const isInteger =
    type?.kind === 'scalar' && isScalarName(type.name) && !type.name.startsWith('f');
  if (!isInteger)
    throw typeError('ERR_SCHEDHINT_LAYOUT', `bits: expected an integer type, got ${show(type)}`);
  const most = type.name === 'bool' ? 1 : type.size * 8;
  if (!Number.isInteger(width) || width < 1 || width > most) {
    throw rangeError(
      'ERR_SCHEDHINT_LAYOUT',
      `bits: expected a width of 1..${most}, got ${show(width)}`,
    );
  }
  return Object.freeze({ kind: 'bits', base: type, width, size: type.size, align: type.align });
}

/** Whether a value is what {@link bits} returns. */
export function isBits(value: unknown): value is BitsType {
  const type = value as BitsType | null | undefined;
  return type?.kind === 'bits' && Object.isFrozen(type) && type.base?.kind === 'scalar';
}

/** The word that a bit-field is read from and written to. */
export interface BitPlace {
  /** bytes from the start of the struct; a multiple of `size` */
  readonly offset: number;
  readonly size: 1 | 2 | 4 | 8;
}

/**
 * The smallest aligned word that holds bits `start`..`start + width - 1`, or undefined if a view
 * could not load all of them in one access. The smallest, because what lies next to the bit-field may be
 * another writer's.
 */
export function bitPlace(start: number, width: number, align: number): BitPlace | undefined {
  for (const size of [1, 2, 4, 8] as const) {
    if (size > align) break;
    const unit = size * 8;
    if (Math.floor(start / unit) === Math.floor((start + width - 1) / unit)) {
      return { offset: Math.floor(start / unit) * size, size };
    }
  }
  return undefined;
}
