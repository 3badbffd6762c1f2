// Converts C types in BTF into layouts of this package: structs, unions, bit-fields,
// enumerations, arrays. Limits depth and size, because the BTF may be hostile.

import { type BitsType, bits } from '../../layout/bit-field.js';
import { enumeration } from '../../layout/enumeration.js';
import { isIdentifier } from '../../layout/identifier.js';
import { anonymous, at, bitsOf, nextPlace } from '../../layout/placement.js';
import * as scalars from '../../layout/scalars.js';
import { array, struct, union } from '../../layout/struct.js';
import type { FieldType, Member, StructLayout } from '../../layout/types.js';
import type { Btf } from '../btf.js';
import { unsupported } from '../format-error.js';
import { type BtfMember, type BtfType, describe } from '../kinds.js';

type Of<K extends BtfType['kind']> = Extract<BtfType, { kind: K }>;

/** C's own limit for nested structs is 63; the kernel's for BTF is 32. */
const DEEPEST = 32;
/** Views of structs and arrays that a view of one struct may consist of. */
const MOST_VIEWS = 1 << 16;

const SIGNED = { 1: scalars.i8, 2: scalars.i16, 4: scalars.i32, 8: scalars.i64 } as const;
const UNSIGNED = { 1: scalars.u8, 2: scalars.u16, 4: scalars.u32, 8: scalars.u64 } as const;
type Bytes = keyof typeof SIGNED;

/**
 * Makes layouts of the C types in a BTF: each type one layout, however often it is used. What no
 * layout can have is an error `ERR_SCHEDHINT_BTF_UNSUPPORTED` that names the field.
 */
export class CLayouts {
  readonly #btf: Btf;
  readonly #structs = new Map<number, StructLayout>();
  readonly #views = new Map<StructLayout, number>();
  readonly #enums = new Map<number, scalars.ScalarType>();
  readonly #tags = new Set<string>();
  /** By tag: the last number that was put behind it. */
  readonly #numbers = new Map<string, number>();
  #depth = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /**
   * The layout of a struct or union.
   *
   * @param id its number
   * @param path what messages call it
   */
  structOf(id: number, path: string): StructLayout {
    const { id: at, type } = this.#btf.resolve(id);
    if (type.kind !== 'struct' && type.kind !== 'union') {
      throw unsupported(path, `expected a struct, it is ${describe(type)}`);
    }
    return this.#aggregate(at, type, this.tagOf(id, path.replaceAll('.', '_')), path);
  }

  /** The tag of a type, or else the name of a typedef of it, or else `fallback`. */
  tagOf(id: number, fallback: string): string {
    for (let at = id; ; ) {
      const type = this.#btf.type(at);
      if ('name' in type && type.name !== '' && type.kind !== 'typeTag') return toTag(type.name);
      if (!('type' in type)) return toTag(fallback);
      at = type.type;
    }
  }

  /** The type of a field. */
  fieldOf(id: number, path: string): FieldType {
    const { id: at, type, tags } = this.#btf.resolve(id);
    switch (type.kind) {
      case 'int':
        return integer(type, path);
      case 'float':
        if (type.size === 4) return scalars.f32;
        if (type.size === 8) return scalars.f64;
        throw unsupported(path, `a floating-point number of ${type.size} bytes (${type.name})`);
      case 'ptr':
        // An address, which means nothing to JavaScript; its room is what counts.
        return UNSIGNED[this.#btf.pointerSize];
      case 'enum':
      case 'enum64':
        return this.#enumeration(at, type, this.tagOf(id, path.replaceAll('.', '_')), path);
      case 'array':
        if (type.length === 0) throw unsupported(path, 'an array without a length');
        return this.#nested(path, () => array(this.fieldOf(type.type, `${path}[]`), type.length));
      case 'struct':
      case 'union':
        return this.structOf(id, path);
      default:
        throw unsupported(path, `${describe(type)}${tags.length > 0 ? ` (${tags})` : ''}`);
    }
  }

  /** The bit-field of a member, or undefined if it is another member. */
  bitsOf(member: BtfMember, path: string): { type: BitsType; bit: number } | undefined {
    const { type } = this.#btf.resolve(member.type);
    const old = type.kind === 'int' && (type.bits !== type.size * 8 || type.bitOffset !== 0);
    if (member.bitSize === 0 && (!old || type.bool)) return undefined;
    const width = member.bitSize || (type as Of<'int'>).bits;
    const bit = member.bitOffset + (old ? (type as Of<'int'>).bitOffset : 0);
    const base = old
      ? integer({ ...type, bits: type.size * 8, bitOffset: 0 }, path)
      : this.fieldOf(member.type, path);
    return { type: this.#checked(path, () => bits(base as typeof scalars.u32, width)), bit };
  }

  /** Runs what checks a layout; what it refuses, no layout can have. */
  #checked<R>(path: string, make: () => R): R {
    try {
      return make();
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== 'ERR_SCHEDHINT_LAYOUT') throw error;
      throw unsupported(path, `${message}`);
    }
  }

  #aggregate(id: number, type: Of<'struct' | 'union'>, tag: string, path: string): StructLayout {
    const known = this.#structs.get(id);
    if (known !== undefined) return known;
    const name = this.#unique(tag);
    try {
      const layout = this.#nested(path, () => this.#layOut(type, name, path));
      this.#structs.set(id, layout);
      return layout;
    } catch (error) {
      this.#tags.delete(name);
      throw error;
    }
  }

  /** What contains itself nests without an end. */
  #nested<R>(path: string, make: () => R): R {
    if (this.#depth === DEEPEST) {
      throw unsupported(path, `nested deeper than ${DEEPEST} structs and arrays`);
    }
    this.#depth++;
    try {
      return this.#checked(path, make);
    } finally {
      this.#depth--;
    }
  }

  #layOut(type: Of<'struct' | 'union'>, name: string, path: string): StructLayout {
    const members = this.#members(type, name, path);
    const make = type.kind === 'struct' ? struct : union;
    const natural = make(name, members);
    const layout = natural.size === type.size ? natural : make(name, members, { size: type.size });
    const views = layout.fields.reduce((sum, field) => sum + this.#viewsOf(field.type), 1);
    if (views > MOST_VIEWS) throw unsupported(path, `more than ${MOST_VIEWS} structs and arrays`);
    this.#views.set(layout, views);
    return layout;
  }

  #viewsOf(type: FieldType | BitsType): number {
    if (type.kind === 'array') return 1 + type.length * this.#viewsOf(type.element);
    return type.kind === 'struct' || type.kind === 'union' ? this.#views.get(type)! : 0;
  }

  #members(type: Of<'struct' | 'union'>, tag: string, path: string): Record<string, Member> {
    const members: Record<string, Member> = Object.create(null);
    const placeholders = placeholdersFor(type);
    let end = 0;
    for (const member of type.members) {
      if (this.#isPadding(member)) continue;
      const key = member.name || placeholders.next().value;
      const memberPath = `${path}.${key}`;
      if (!isIdentifier(key)) throw unsupported(memberPath, 'a name that C does not allow');
      if (key in members) throw unsupported(memberPath, 'two members have this name');
      const bitField = this.bitsOf(member, memberPath);
      const inner = bitField?.type ?? this.#memberOf(member, memberPath, `${tag}_${key}`);
      const bit = bitField?.bit ?? member.bitOffset;
      const outer = member.name === '' ? this.#anonymous(inner, memberPath) : inner;
      const from = type.kind === 'union' ? 0 : end;
      members[key] =
        nextPlace(inner, from) === bit ? outer : at(Math.floor(bit / 8), outer, bit % 8);
      end = bit + bitsOf(inner);
    }
    return { ...members };
  }

  /** A struct without a name and without members: unnamed bit-fields, which BTF leaves out. */
  #isPadding({ name, type }: BtfMember): boolean {
    if (name !== '') return false;
    const inner = this.#btf.resolve(type).type;
    return (inner.kind === 'struct' || inner.kind === 'union') && inner.members.length === 0;
  }

  #memberOf(member: BtfMember, path: string, tag: string): FieldType {
    const { id, type } = this.#btf.resolve(member.type);
    const isAggregate = type.kind === 'struct' || type.kind === 'union';
    return isAggregate
      ? this.#aggregate(id, type, this.tagOf(member.type, tag), path)
      : type.kind === 'enum' || type.kind === 'enum64'
        ? this.#enumeration(id, type, this.tagOf(member.type, tag), path)
        : this.fieldOf(member.type, path);
  }

  #anonymous(type: FieldType | BitsType, path: string) {
    if (type.kind === 'struct' || type.kind === 'union') return anonymous(type);
    throw unsupported(path, 'a member without a name that is neither struct nor union');
  }

  #enumeration(id: number, type: Of<'enum' | 'enum64'>, tag: string, path: string) {
    const known = this.#enums.get(id);
    if (known !== undefined) return known;
    const base = (type.signed ? SIGNED : UNSIGNED)[type.size as Bytes];
    const cut = type.signed ? BigInt.asIntN : BigInt.asUintN;
    const constants = type.constants.map(([name, value]) => {
      const kept = cut(type.size * 8, value);
      return [name, type.size === 8 ? kept : Number(kept)] as const;
    });
    const made = this.#checked(path, () =>
      enumeration(this.#unique(tag), Object.fromEntries(constants), base as typeof scalars.u32),
    );
    this.#enums.set(id, made);
    return made;
  }

  /** Two types of one name, of two compilation units or below two structs: C needs two names. */
  #unique(tag: string): string {
    let name = tag;
    let number = this.#numbers.get(tag) ?? 1;
    while (this.#tags.has(name)) name = `${tag}_${++number}`;
    this.#numbers.set(tag, number);
    this.#tags.add(name);
    return name;
  }
}

/** Keys for anonymous members, that no member has as its name. */
function* placeholdersFor({ members }: Of<'struct' | 'union'>): Generator<string, never> {
  const names = new Set(members.map(({ name }) => name));
  for (let number = 1; ; number++) {
    if (!names.has(`anonymous_${number}`)) yield `anonymous_${number}`;
  }
}

function integer(type: Of<'int'>, path: string): scalars.ScalarType {
  if (type.bool && type.size === 1) return scalars.bool;
  const known = (type.signed ? SIGNED : UNSIGNED)[type.size as Bytes];
  if (known !== undefined) return known;
  throw unsupported(path, `an integer of ${type.size} bytes (${type.name})`);
}

function toTag(name: string): string {
  const tag = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return isIdentifier(tag) ? tag : `_${tag}`;
}
