// Compares a layout with a struct or union in BTF, field by field, and describes each difference in one sentence.

import type { BitsType } from '../../layout/bit-field.js';
import { isEnum } from '../../layout/enumeration.js';
import type { Field, FieldType, StructLayout } from '../../layout/types.js';
import type { Btf } from '../btf.js';
import type { BtfType } from '../kinds.js';
import { describe } from '../kinds.js';
import { sizeOf } from '../size.js';

type Aggregate = Extract<BtfType, { kind: 'struct' | 'union' }>;

/** A member of the BTF's struct; members of anonymous members count as its own. */
interface Theirs {
  readonly name: string;
  readonly type: BtfType;
  /** bits from the start of the struct that is compared */
  readonly bit: number;
  /** bits */
  readonly bits: number;
}

/** Types of a hostile BTF that are looked at before what is below is taken as it is. */
const MOST_MEMBERS = 1 << 14;

/**
 * What of a layout is otherwise in a BTF's struct: for each such field one sentence that names both
 * sides. A field of the same name must be at the same offset, with the same size, and of the same
 * sort: integer, floating point, struct, array. One that has another name there must be where a
 * field of its size and sort is. Not compared: fields behind the end of their struct, which no program
 * reads; arrays of bytes, which may stand for anything; whether an integer is signed.
 *
 * @param name what messages call the struct
 */
export function differences(btf: Btf, id: number, layout: StructLayout, name: string): string[] {
  const { type } = btf.resolve(id);
  if (type.kind !== 'struct' && type.kind !== 'union') return [];
  return new Comparison(btf).compare(layout, type, name, 0);
}

class Comparison {
  readonly #btf: Btf;
  #seen = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  compare(layout: StructLayout, type: Aggregate, path: string, base: number): string[] {
    const theirs = this.#members(type, 0);
    const whole = `${type.kind} ${type.name}`.trim();
    return layout.fields.flatMap((field) => {
      const bit = field.bit ?? field.offset * 8;
      if (bit >= type.size * 8 || isBytes(field.type)) return [];
      const bits = bitsOf(field);
      const named = theirs.find((member) => member.name === field.name);
      const found =
        named ??
        theirs.find((member) => member.bit === bit && sameSort(field.type, member, bits)) ??
        theirs.find((member) => member.bit === bit);
      const fieldPath = `${path}.${field.name}`;
      if (found === undefined || found.bit !== bit || !sameSort(field.type, found, bits)) {
        return [
          `${fieldPath}: expected ${nameOf(field.type)} (${place(base + bit, bits)}), found ${
            found === undefined
              ? `nothing there in ${whole}`
              : `${describe(found.type)} ${found.name} (${place(base + found.bit, found.bits)})`
          }`,
        ];
      }
      return this.#inside(field.type, found.type, fieldPath, base + bit);
    });
  }

  #inside(ours: FieldType | BitsType, theirs: BtfType, path: string, base: number): string[] {
    if (ours.kind === 'array' && theirs.kind === 'array') {
      const { type } = this.#btf.resolve(theirs.type);
      const size = sizeOf(this.#btf, theirs.type);
      return size === ours.element.size
        ? this.#inside(ours.element, type, `${path}[]`, base)
        : [
            `${path}: expected elements of ${ours.element.size} bytes, found ${describe(type)} of ${size}`,
          ];
    }
    const isStruct = theirs.kind === 'struct' || theirs.kind === 'union';
    return isStruct && (ours.kind === 'struct' || ours.kind === 'union')
      ? this.compare(ours, theirs, path, base)
      : [];
  }

  #members(type: Aggregate, base: number, depth = 0): Theirs[] {
    return type.members.flatMap((member): Theirs[] => {
      if (++this.#seen > MOST_MEMBERS || depth > 32) return [];
      const { type: inner } = this.#btf.resolve(member.type);
      const bit = base + member.bitOffset;
      if (member.name === '') {
        return inner.kind === 'struct' || inner.kind === 'union'
          ? this.#members(inner, bit, depth + 1)
          : [];
      }
      const bits = member.bitSize || sizeOf(this.#btf, member.type) * 8;
      return [{ name: member.name, type: inner, bit, bits }];
    });
  }
}

function bitsOf({ type }: Field): number {
  return type.kind === 'bits' ? type.width : type.size * 8;
}

function isBytes(type: FieldType | BitsType): boolean {
  return type.kind === 'array' && type.element.kind === 'scalar' && type.element.size === 1;
}

function sameSort(ours: FieldType | BitsType, theirs: Theirs, bits: number): boolean {
  if (theirs.bits !== bits) return false;
  switch (theirs.type.kind) {
    case 'float':
      return ours.kind === 'scalar' && ours.name.startsWith('f');
    case 'struct':
    case 'union':
      return ours.kind === 'struct' || ours.kind === 'union';
    case 'array':
      return ours.kind === 'array';
    default:
      return ours.kind === 'bits' || (ours.kind === 'scalar' && !ours.name.startsWith('f'));
  }
}

function nameOf(type: FieldType | BitsType): string {
  switch (type.kind) {
    case 'bits':
      return `${type.base.name}:${type.width}`;
    case 'array':
      return `${nameOf(type.element)}[${type.length}]`;
    case 'scalar':
      return isEnum(type) ? `enum ${type.tag}` : type.name;
    default:
      return `${type.kind} ${type.name}`;
  }
}

function place(bit: number, bits: number): string {
  return bit % 8 === 0 && bits % 8 === 0
    ? `offset ${bit / 8}, ${bits / 8} bytes`
    : `offset ${Math.floor(bit / 8)}, bit ${bit % 8}, ${bits} bits`;
}
