// Finds the maps that a BPF object's BTF defines, and converts a map's value type into the
// shape that uptr({ value }) takes: each `__uptr` becomes the layout of its pointee.

import { isIdentifier } from '../../layout/identifier.js';
import type { ValueMember, ValueShape } from '../../layout/map-value.js';
import { at } from '../../layout/placement.js';
import { u8 } from '../../layout/scalars.js';
import { array } from '../../layout/struct.js';
import type { FieldType, StructLayout } from '../../layout/types.js';
import type { Btf } from '../btf.js';
import { notFound, unsupported } from '../format-error.js';
import type { BtfMember, BtfType } from '../kinds.js';
import { describe } from '../kinds.js';
import { sizeOf } from '../size.js';
import type { CLayouts } from './c-layout.js';

/** The section that libbpf looks for maps in. */
const MAPS = '.maps';
/** The kernel's own mark of a pointer to user memory, `__uptr`. */
const UPTR = 'uptr';
/** The kernel takes 11 special fields in a value. What has more here may have no end. */
const MOST_STRUCTS = 256;
/** As the kernel follows nested structs. */
const DEEPEST = 32;
/** Members of a value, those of anonymous structs each time that they occur. */
const MOST_MEMBERS = 1 << 14;

/** The maps that an object defines, by name, with the number of their value's type. */
export function mapsOf(btf: Btf): Map<string, number> {
  const maps = new Map<string, number>();
  for (const id of btf.named(MAPS)) {
    const section = btf.type(id);
    if (section.kind !== 'datasec') continue;
    for (const { type } of section.variables) {
      const variable = btf.type(type);
      if (variable.kind !== 'var') continue;
      const value = valueTypeOf(btf, variable.type);
      if (value !== undefined) maps.set(variable.name, value);
    }
  }
  return maps;
}

/** What `__type(value, T)` makes of T: a member that points to it. */
function valueTypeOf(btf: Btf, definition: number): number | undefined {
  const { type } = btf.resolve(definition);
  if (type.kind !== 'struct') return undefined;
  const member = type.members.find(({ name }) => name === 'value');
  if (member === undefined) return undefined;
  const { type: pointer } = btf.resolve(member.type);
  return pointer.kind === 'ptr' ? pointer.type : undefined;
}

/** A map's value, as `uptr({ value })` takes it. */
export interface MapValue {
  /** the tag of the value's struct */
  readonly name: string;
  readonly shape: ValueShape;
  /** bytes */
  readonly size: number;
}

/**
 * The value of a map, with a layout for every `__uptr` in it. Plain data keeps its place; what is
 * in it does not matter, since a client leaves it 0.
 *
 * @throws Error `ERR_SCHEDHINT_BTF_NOT_FOUND` if no `__uptr` is in it
 */
export function mapValueOf(btf: Btf, layouts: CLayouts, id: number, map: string): MapValue {
  const { type } = btf.resolve(id);
  if (type.kind !== 'struct') {
    throw notFound(`the value of map ${map} is ${describe(type)}, not a struct with __uptr fields`);
  }
  const shape = new ValueReader(btf, layouts).shapeOf(type, 'value');
  if (shape === undefined) {
    throw notFound(
      `the value of map ${map}, ${describe(type)}, has no __uptr field (clang before 15 drops the tag)`,
    );
  }
  return { name: layouts.tagOf(id, `${map}_value`), shape, size: type.size };
}

/**
 * What the `__uptr` at an offset of a map's value points to: the number of its type.
 *
 * @param offset bytes
 * @returns undefined if there is no `__uptr`
 */
export function pointeeAt(btf: Btf, value: number, offset: number): number | undefined {
  let at = value;
  let bit = offset * 8;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const { type } = btf.resolve(at);
    if (type.kind !== 'struct') return undefined;
    const member = type.members.find(
      ({ bitOffset, type: inner }) => bitOffset <= bit && bit < bitOffset + sizeOf(btf, inner) * 8,
    );
    if (member === undefined) return undefined;
    const { id, type: inner } = btf.resolve(member.type);
    if (inner.kind === 'ptr') return isUptr(btf, inner.type) ? inner.type : undefined;
    at = id;
    bit -= member.bitOffset;
  }
  return undefined;
}

function isUptr(btf: Btf, pointee: number): boolean {
  return btf.resolve(pointee).tags.includes(UPTR);
}

class ValueReader {
  readonly #btf: Btf;
  readonly #layouts: CLayouts;
  /** By type: whether it has pointers. Also stops at a struct that contains itself. */
  readonly #hasPointers = new Map<number, boolean>();
  #structs = 0;
  #members = 0;

  constructor(btf: Btf, layouts: CLayouts) {
    this.#btf = btf;
    this.#layouts = layouts;
  }

  /** Undefined if no pointer is in it. */
  shapeOf(
    type: Extract<BtfType, { kind: 'struct' | 'union' }>,
    path: string,
  ): ValueShape | undefined {
    if (++this.#structs > MOST_STRUCTS) {
      throw unsupported(path, `more than ${MOST_STRUCTS} structs with __uptr fields in a value`);
    }
    const shape: Record<string, ValueMember> = {};
    let end = 0;
    let pointers = 0;
    for (const [member, offset] of this.#flat(type, 0)) {
      const memberPath = `${path}.${member.name}`;
      if (!isIdentifier(member.name) || member.name in Object.prototype) {
        throw unsupported(memberPath, 'a name that a field cannot have');
      }
      const layout = this.#pointee(member, memberPath);
      const nested = layout ?? this.#nested(member, memberPath);
      if (nested !== undefined) pointers++;
      const size = layout !== undefined ? 8 : sizeOf(this.#btf, member.type);
      const it = nested ?? this.#plain(member, size, memberPath);
      if (it === undefined) continue;
      // A struct with a pointer in it is aligned like the pointer.
      const align = nested !== undefined ? 8 : (it as FieldType).align;
      const isNext = Math.ceil(end / align) * align === offset;
      shape[member.name] = isNext ? it : at(offset, it);
      end = offset + size;
    }
    return pointers > 0 ? shape : undefined;
  }

  /** The members, those of anonymous structs too, with their offsets in bytes. */
  *#flat(
    type: Extract<BtfType, { kind: 'struct' | 'union' }>,
    base: number,
    depth = 0,
  ): Generator<[BtfMember, number]> {
    for (const member of type.members) {
      if (++this.#members > MOST_MEMBERS || depth > DEEPEST) {
        throw unsupported('value', `more than ${MOST_MEMBERS} members`);
      }
      const offset = base + Math.floor(member.bitOffset / 8);
      const inner = this.#btf.resolve(member.type).type;
      if (member.name === '' && inner.kind === 'struct') {
        yield* this.#flat(inner, offset, depth + 1);
      } else if (member.name !== '') {
        yield [member, offset];
      }
    }
  }

  #pointee(member: BtfMember, path: string): StructLayout | undefined {
    const { type } = this.#btf.resolve(member.type);
    if (type.kind !== 'ptr') return undefined;
    return isUptr(this.#btf, type.type) ? this.#layouts.structOf(type.type, path) : undefined;
  }

  #nested(member: BtfMember, path: string): ValueShape | undefined {
    const { id, type } = this.#btf.resolve(member.type);
    if (!this.#contains(id, 0)) return undefined;
    if (type.kind !== 'struct') {
      throw unsupported(path, `__uptr fields inside ${describe(type)}`);
    }
    return this.shapeOf(type, path);
  }

  #contains(id: number, depth: number): boolean {
    const known = this.#hasPointers.get(id);
    if (known !== undefined) return known;
    this.#hasPointers.set(id, false);
    const { type } = this.#btf.resolve(id);
    let has = false;
    if (depth < DEEPEST && type.kind === 'array') {
      has = this.#contains(this.#btf.resolve(type.type).id, depth + 1);
    } else if (depth < DEEPEST && (type.kind === 'struct' || type.kind === 'union')) {
      has = type.members.some((member) => {
        const { id: at, type: inner } = this.#btf.resolve(member.type);
        return inner.kind === 'ptr' ? isUptr(this.#btf, inner.type) : this.#contains(at, depth + 1);
      });
    }
    this.#hasPointers.set(id, has);
    return has;
  }

  /** Data between the pointers: a scalar where it is one, else bytes; nothing for bit-fields. */
  #plain(member: BtfMember, size: number, path: string): FieldType | undefined {
    const { type } = this.#btf.resolve(member.type);
    if (member.bitSize > 0 || size === 0) return undefined;
    const isScalar = type.kind === 'int' || type.kind === 'float' || type.kind === 'ptr';
    return isScalar && size <= 8 ? this.#layouts.fieldOf(member.type, path) : array(u8, size);
  }
}
