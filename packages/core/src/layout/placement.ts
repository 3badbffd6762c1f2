// Computes the offsets of members, and the size and alignment of structs and unions, by C's rules: bit-fields, explicit offsets
// (at) and anonymous members included.

import { rangeError, show, typeError } from '../errors.js';
import { type BitsType, bitPlace, isBits } from './bit-field.js';
import type { Anonymous, Field, FieldType, Member, Placed, StructLayout } from './types.js';

/**
 * A member at a given place, not at the next one by C's rules: behind padding that C's source
 * makes with `__attribute__((aligned))` or an unnamed bit-field.
 *
 * @param offset bytes from the start of the struct, behind the member before it
 * @param type the member: of a struct, or of the value of a map
 * @param bit for a bit-field: its first bit, from `offset` on
 */
export function at<M extends object>(offset: number, type: M, bit = 0): Placed<M> {
  return Object.freeze({ kind: 'at', offset, bit, type });
}

/**
 * A struct or union without a name, as C has them: its fields are those of the struct that it stands
 * in. The key under which it is listed is ignored.
 */
export function anonymous<L extends StructLayout>(layout: L): Anonymous<L> {
  return Object.freeze({ kind: 'anonymous', layout });
}

/** What {@link placeMembers} has found. */
export interface Placement {
  readonly fields: Field[];
  /** bytes up to the end of the last field */
  readonly end: number;
  readonly align: number;
}

/** Lays members out by the rules of C. */
export function placeMembers(
  kind: 'struct' | 'union',
  struct: string,
  members: readonly (readonly [string, Member])[],
): Placement {
  const fields: Field[] = [];
  const names = new Set<string>();
  let endBit = 0;
  let align = 1;
  const add = (field: Field) => {
    if (names.has(field.name)) {
      throw typeError('ERR_SCHEDHINT_LAYOUT', `${struct}: two fields are named ${field.name}`);
    }
    names.add(field.name);
    fields.push(Object.freeze(field));
  };
  for (const [name, member] of members) {
    const type = member.kind === 'at' ? member.type : member;
    const inner = type.kind === 'anonymous' ? type.layout : (type as FieldType | BitsType);
    const from = kind === 'union' ? 0 : endBit;
    const bit =
      member.kind === 'at'
        ? checkPlaced(kind, `${struct}.${name}`, member, inner, from)
        : nextPlace(inner, from);
    if (isBits(inner)) {
      const place = bitPlace(bit, inner.width, inner.align)!;
      add({ name, offset: place.offset, size: place.size, type: inner, bit });
    } else if (type.kind === 'anonymous') {
      for (const field of type.layout.fields) add(shift(field, bit / 8));
    } else {
      add({ name, offset: bit / 8, size: inner.size, type: inner });
    }
    endBit = Math.max(endBit, bit + bitsOf(inner));
    align = Math.max(align, inner.align);
  }
  return { fields, end: Math.ceil(endBit / 8), align };
}

/**
 * The struct's size.
 *
 * @throws RangeError `ERR_SCHEDHINT_LAYOUT` if C could not give the struct the wanted size
 */
export function checkSize(struct: string, { end, align }: Placement, wanted?: number): number {
  const natural = roundUp(end, align);
  if (wanted === undefined) return natural;
  if (!Number.isInteger(wanted) || wanted < natural || wanted % align !== 0) {
    throw rangeError(
      'ERR_SCHEDHINT_LAYOUT',
      `${struct}: expected a size of ${natural} or more and a multiple of ${align}, got ${show(wanted)}`,
    );
  }
  return wanted;
}

/** How much room a member takes, in bits. */
export function bitsOf(type: FieldType | BitsType): number {
  return isBits(type) ? type.width : type.size * 8;
}

/** The first bit of the next member by C's rules. */
export function nextPlace(type: FieldType | BitsType, from: number): number {
  if (isBits(type) && !crossesWord(type, from)) return from;
  return roundUp(from, type.align * 8);
}

function crossesWord({ width, size }: BitsType, bit: number): boolean {
  const unit = size * 8;
  return Math.floor(bit / unit) !== Math.floor((bit + width - 1) / unit);
}

function checkPlaced(
  kind: 'struct' | 'union',
  name: string,
  { offset, bit }: Placed,
  type: FieldType | BitsType,
  from: number,
): number {
  const first = offset * 8 + bit;
  const isRight =
    Number.isSafeInteger(first) &&
    Number.isInteger(offset) &&
    first >= from &&
    (kind === 'struct' || first === 0) &&
    (isBits(type) ? bit >= 0 && !crossesWord(type, first) : bit === 0 && offset % type.align === 0);
  if (!isRight) {
    const room =
      kind === 'union' ? '0 in a union' : `behind the member before it (byte ${from / 8})`;
    throw rangeError(
      'ERR_SCHEDHINT_LAYOUT',
      isBits(type)
        ? `${name}: expected bits inside one ${type.base.name}, ${room}, got ${type.width} at byte ${show(offset)}, bit ${show(bit)}`
        : `${name}: expected an offset that is a multiple of ${type.align}, ${room}, got ${show(offset)}`,
    );
  }
  return first;
}

function shift(field: Field, offset: number): Field {
  const moved = { ...field, offset: field.offset + offset };
  return field.bit === undefined ? moved : { ...moved, bit: field.bit + offset * 8 };
}

function roundUp(offset: number, multiple: number): number {
  return Math.ceil(offset / multiple) * multiple;
}
