import { rangeError, show, typeError } from './errors.js';
import { isScalarName, type ScalarType } from './scalars.js';

/** A C array of `length` elements. Made by {@link array}. */
export interface ArrayType<E extends FieldType = FieldType> {
  readonly kind: 'array';
  readonly element: E;
  readonly length: number;
  /** bytes */
  readonly size: number;
  /** bytes */
  readonly align: number;
}

/** What a field may be: a scalar, an array, or another struct (by value, as in C). */
export type FieldType = ScalarType | ArrayType | StructLayout;

/** The fields of a struct in their order, as {@link struct} takes them. */
export type FieldTypes = { readonly [name: string]: FieldType };

/** Where a field lies in its struct. */
export interface Field<Name extends string = string> {
  readonly name: Name;
  /** bytes from the start of the struct */
  readonly offset: number;
  /** bytes */
  readonly size: number;
  readonly type: FieldType;
}

/** A C struct. Made by {@link struct}; frozen, and usable as the type of a field of another. */
export interface StructLayout<F extends FieldTypes = FieldTypes> {
  readonly kind: 'struct';
  /** the struct's tag */
  readonly name: string;
  /** bytes, tail padding included: what `sizeof` says */
  readonly size: number;
  /** bytes: the largest alignment of its fields */
  readonly align: number;
  /** in the order of declaration */
  readonly fields: readonly Field[];
  /** the types by field name, as they were given */
  readonly types: F;
}

const MAX_BYTES = 2 ** 31 - 1;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

const C_KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if ' +
    'inline int long register restrict return short signed sizeof static struct switch typedef ' +
    'union unsigned void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic ' +
    '_Imaginary _Noreturn _Static_assert _Thread_local'
  ).split(' '),
);

/**
 * By shape, not by a registry of what was made here: a program may hold two copies of this package,
 * one imported and one required, and a layout of either is good.
 */
function isFieldType(value: unknown): value is FieldType {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
  const type = value as FieldType;
  return type.kind === 'scalar' ? isScalarName(type.name) : type.kind === 'array' || isStruct(type);
}

function isStruct(type: FieldType): boolean {
  return type.kind === 'struct' && Array.isArray(type.fields);
}

function checkIdentifier(what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || !IDENTIFIER.test(name) || C_KEYWORDS.has(name)) {
    throw typeError('ERR_LAYOUT', `${what}: expected a C identifier, got ${show(name)}`);
  }
}

function checkFieldName(struct: string, name: string | symbol): asserts name is string {
  if (typeof name === 'string' && /^\d+$/.test(name)) {
    // JavaScript lists such keys first, in numeric order: the offsets would be silently wrong.
    throw typeError('ERR_LAYOUT', `${struct}: a field cannot be named ${show(name)}, a number`);
  }
  checkIdentifier(`${struct}: field name`, name);
  if (name in Object.prototype) {
    throw typeError(
      'ERR_LAYOUT',
      `${struct}.${name}: every JavaScript object has this name already`,
    );
  }
}

/**
 * A C array as the type of a field.
 *
 * @param element any field type, arrays and structs included
 * @param length elements: an integer of 1 or more
 * @throws TypeError `ERR_LAYOUT` if `element` is no type
 * @throws RangeError `ERR_LAYOUT` if `length` is not a positive integer, or the array exceeds 2 GiB
 */
export function array<const E extends FieldType>(element: E, length: number): ArrayType<E> {
  if (!isFieldType(element)) {
    throw typeError('ERR_LAYOUT', `array: expected a field type, got ${show(element)}`);
  }
  if (!Number.isInteger(length) || length < 1 || length * element.size > MAX_BYTES) {
    throw rangeError(
      'ERR_LAYOUT',
      `array: expected a length of 1..${Math.floor(MAX_BYTES / element.size)}, got ${show(length)}`,
    );
  }
  const size = element.size * length;
  return Object.freeze({ kind: 'array', element, length, size, align: element.align });
}

/**
 * A C struct, laid out by the rules of 64-bit Linux: each field at the next multiple of its
 * alignment, the size rounded up to the largest alignment.
 *
 * Field names are C identifiers, in the order of `fields`. Names that every object has
 * (`constructor`, `toString`, `valueOf`, `hasOwnProperty`, `__proto__`, …) are refused: a view could
 * not have them and still behave as an object. `toJSON` is allowed; such a view has the field
 * instead of the method.
 *
 * @param name the struct's tag, a C identifier
 * @param fields at least one; see {@link FieldType}
 * @throws TypeError `ERR_LAYOUT` for a bad name, a field that is no type, or no fields
 * @throws RangeError `ERR_LAYOUT` if the struct exceeds 2 GiB
 */
export function struct<const F extends FieldTypes>(name: string, fields: F): StructLayout<F> {
  checkIdentifier('struct', name);
  if (typeof fields !== 'object' || fields === null) {
    throw typeError('ERR_LAYOUT', `${name}: expected an object of fields, got ${show(fields)}`);
  }
  const prototype: unknown = Object.getPrototypeOf(fields);
  if (prototype !== null && !Object.hasOwn(prototype as object, 'hasOwnProperty')) {
    // Also what `{ __proto__: u32 }` becomes: not a field but a prototype.
    throw typeError('ERR_LAYOUT', `${name}: expected a plain object of fields`);
  }

  const laidOut: Field<Extract<keyof F, string>>[] = [];
  let offset = 0;
  let align = 1;
  for (const key of Reflect.ownKeys(fields)) {
    checkFieldName(name, key);
    const type = fields[key];
    if (!isFieldType(type)) {
      throw typeError('ERR_LAYOUT', `${name}.${key}: expected a field type, got ${show(type)}`);
    }
    offset = roundUp(offset, type.align);
    laidOut.push(
      Object.freeze({ name: key as Extract<keyof F, string>, offset, size: type.size, type }),
    );
    offset += type.size;
    align = Math.max(align, type.align);
  }
  if (laidOut.length === 0) throw typeError('ERR_LAYOUT', `${name}: expected at least one field`);
  const size = roundUp(offset, align);
  if (size > MAX_BYTES) throw rangeError('ERR_LAYOUT', `${name}: larger than 2 GiB`);

  return Object.freeze({
    kind: 'struct',
    name,
    size,
    align,
    fields: Object.freeze(laidOut),
    types: Object.freeze({ ...fields }),
  });
}

/** Whether a value is a layout, of this copy of the package or another. */
export function isStructLayout(value: unknown): value is StructLayout {
  return isFieldType(value) && value.kind === 'struct';
}

function roundUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}
