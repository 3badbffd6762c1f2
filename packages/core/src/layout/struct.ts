// Creates frozen layouts of C arrays, structs and unions, and recognizes them by
// shape, so that layouts of another copy of this package are accepted.

import { rangeError, show, typeError } from '../errors.js';
import { isBits } from './bit-field.js';
import { checkFieldName, checkIdentifier } from './identifier.js';
import { checkSize, placeMembers } from './placement.js';
import { isScalarName } from './scalars.js';
import type { ArrayType, FieldType, FieldTypes, Member, StructLayout } from './types.js';

const MAX_BYTES = 2 ** 31 - 1;

/**
 * Whether a value is the type of a field. By shape, not by a registry of what was made here: a program may hold two copies of this package,
 * one imported and one required, and a layout of either is good.
 */
export function isFieldType(value: unknown): value is FieldType {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
  const type = value as FieldType;
  return type.kind === 'scalar' ? isScalarName(type.name) : type.kind === 'array' || isStruct(type);
}

function isStruct(type: FieldType): boolean {
  return (type.kind === 'struct' || type.kind === 'union') && Array.isArray(type.fields);
}

function isMember(value: unknown): value is Member {
  const { kind, type, layout } = (value ?? {}) as {
    kind?: unknown;
    type?: unknown;
    layout?: unknown;
  };
  if (kind === 'at') return isMember(type);
  return kind === 'anonymous' ? isStructLayout(layout) : isFieldType(value) || isBits(value);
}

/**
 * A C array as the type of a field.
 *
 * @param element any field type, arrays and structs included
 * @param length elements: an integer of 1 or more
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` if `element` is no type
 * @throws RangeError `ERR_SCHEDHINT_LAYOUT` if `length` is not a positive integer, or the array exceeds 2 GiB
 */
export function array<const E extends FieldType>(element: E, length: number): ArrayType<E> {
  if (!isFieldType(element)) {
    throw typeError('ERR_SCHEDHINT_LAYOUT', `array: expected a field type, got ${show(element)}`);
  }
  if (!Number.isInteger(length) || length < 1 || length * element.size > MAX_BYTES) {
    throw rangeError(
      'ERR_SCHEDHINT_LAYOUT',
      `array: expected a length of 1..${Math.floor(MAX_BYTES / element.size)}, got ${show(length)}`,
    );
  }
  const size = element.size * length;
  return Object.freeze({ kind: 'array', element, length, size, align: element.align });
}

/**
 * A C struct, laid out by the rules of 64-bit Linux: each field at the next multiple of its
 * alignment, bit-fields packed into their type's words, the size rounded up to the largest
 * alignment. What C's attributes would change is said with {@link at} and `options.size`.
 *
 * Field names are C identifiers, in the order of `fields`. Names that every object has
 * (`constructor`, `toString`, `valueOf`, `hasOwnProperty`, `__proto__`, …) are refused: a view could
 * not have them and still behave as an object. `toJSON` is allowed; such a view has the field
 * instead of the method.
 *
 * @param name the struct's tag, a C identifier
 * @param fields at least one; see {@link Member}
 * @param options.size bytes, if there is more padding at the end than C's rules make
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` for a bad name, a field that is no type, two fields of one name, or
 *   no fields
 * @throws RangeError `ERR_SCHEDHINT_LAYOUT` for a place or a size that C could not give, or more than 2 GiB
 */
export function struct<const F extends FieldTypes>(
  name: string,
  fields: F,
  options: { readonly size?: number } = {},
): StructLayout<F> {
  return layOut('struct', name, fields, options.size);
}

/**
 * A C union: as {@link struct}, but every field begins at 0. Its view has all of them, over the same
 * bytes.
 *
 * @throws as {@link struct}
 */
export function union<const F extends FieldTypes>(
  name: string,
  fields: F,
  options: { readonly size?: number } = {},
): StructLayout<F> {
  return layOut('union', name, fields, options.size);
}

/** As {@link struct}, of fields whose names C could not give. Internal: who calls it has checked them for a view. */
export function structOfAnyNames(name: string, fields: FieldTypes): StructLayout {
  return layOut('struct', name, fields, undefined, () => {});
}

function layOut<F extends FieldTypes>(
  kind: 'struct' | 'union',
  name: string,
  fields: F,
  wantedSize: number | undefined,
  checkName: (struct: string, name: string | symbol) => void = checkFieldName,
): StructLayout<F> {
  checkIdentifier(kind, name);
  if (typeof fields !== 'object' || fields === null) {
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      `${name}: expected an object of fields, got ${show(fields)}`,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(fields);
  if (prototype !== null && !Object.hasOwn(prototype as object, 'hasOwnProperty')) {
    // Also what `{ __proto__: u32 }` becomes: not a field but a prototype.
    throw typeError('ERR_SCHEDHINT_LAYOUT', `${name}: expected a plain object of fields`);
  }
  const members: [string, Member][] = [];
  for (const key of Reflect.ownKeys(fields) as string[]) {
    checkName(name, key);
    const type = fields[key];
    if (!isMember(type)) {
      throw typeError(
        'ERR_SCHEDHINT_LAYOUT',
        `${name}.${key}: expected a field type, got ${show(type)}`,
      );
    }
    members.push([key, type]);
  }
  const placed = placeMembers(kind, name, members);
  if (placed.fields.length === 0) {
    throw typeError('ERR_SCHEDHINT_LAYOUT', `${name}: expected at least one field`);
  }
  const size = checkSize(name, placed, wantedSize);
  if (size > MAX_BYTES) throw rangeError('ERR_SCHEDHINT_LAYOUT', `${name}: larger than 2 GiB`);

  return Object.freeze({
    kind,
    name,
    size,
    align: placed.align,
    fields: Object.freeze(placed.fields),
    types: Object.freeze({ ...fields }),
  });
}

/** Whether a value is a layout, of this copy of the package or another. */
export function isStructLayout(value: unknown): value is StructLayout {
  return isFieldType(value) && isStruct(value);
}
