// Defines the type of an enumeration field: an integer type with a tag and named
// constants. A field may hold other values than the constants.

import { rangeError, show, typeError } from '../errors.js';
import { checkFieldName, checkIdentifier } from './identifier.js';
import { type ScalarName, type ScalarType, u32 } from './scalars.js';

/** The named constants of an enumeration; bigints where the type is `i64` or `u64`. */
export type EnumConstants = { readonly [name: string]: number | bigint };

/**
 * An enumeration of C: the integer that the compiler keeps it in, with the names of its constants.
 * A field of it is read and assigned as that integer: C lets an enumeration have other values than
 * its constants, and sets of flags do.
 */
export interface EnumType<
  C extends EnumConstants = EnumConstants,
  N extends ScalarName = ScalarName,
> extends ScalarType<N> {
  /** the tag */
  readonly tag: string;
  readonly constants: C;
}

/**
 * An enumeration as the type of a field.
 *
 * @param tag the enumeration's name in C
 * @param constants by name, in the order of C
 * @param type the integer that it is kept in: by default `u32`, as clang and gcc choose where no
 *   constant is negative
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` for a name that C does not allow, or a type that is no integer
 * @throws RangeError `ERR_SCHEDHINT_LAYOUT` for a constant that does not fit the type
 */
export function enumeration<
  const C extends EnumConstants,
  N extends Exclude<ScalarName, 'f32' | 'f64' | 'bool'> = 'u32',
>(
  tag: string,
  constants: C,
  type: ScalarType<N> = u32 as ScalarType as ScalarType<N>,
): EnumType<C, N> {
  checkIdentifier('enum', tag);
  if (type?.kind !== 'scalar' || !/^[iu]/.test(type.name)) {
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      `enum ${tag}: expected an integer type, got ${show(type)}`,
    );
  }
  const wide = type.name === 'i64' || type.name === 'u64';
  const cut = type.name.startsWith('i') ? BigInt.asIntN : BigInt.asUintN;
  for (const [name, value] of Object.entries(constants)) {
    checkFieldName(`enum ${tag}`, name);
    const isRight = wide ? typeof value === 'bigint' : Number.isSafeInteger(value);
    if (!isRight || cut(type.size * 8, BigInt(value)) !== BigInt(value)) {
      throw rangeError(
        'ERR_SCHEDHINT_LAYOUT',
        `enum ${tag}: ${name}: expected ${wide ? 'a bigint' : 'an integer'} that fits ${type.name}, got ${show(value)}`,
      );
    }
  }
  const { kind, name, size, align } = type;
  return Object.freeze({
    kind,
    name,
    size,
    align,
    tag,
    constants: Object.freeze({ ...constants }),
  });
}

/** Whether a type is an enumeration. */
export function isEnum(type: unknown): type is EnumType {
  const it = type as Partial<EnumType> | null | undefined;
  return it?.kind === 'scalar' && typeof it.tag === 'string' && typeof it.constants === 'object';
}
