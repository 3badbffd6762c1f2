// Generates the text of a C header from layouts: enumerations, structs with explicit padding, values of maps with __uptr
// pointers, and static asserts on sizes and offsets.

import {
  type BitsType,
  type EnumType,
  type FieldType,
  isEnum,
  isStructLayout,
  type Member,
  type ScalarName,
  type StructLayout,
  type ValueShape,
} from '@schedhint/core';
import { paddingBits } from './c-padding.js';
import { type Declared, layoutsOf, unplaced } from './declared-types.js';

const C_TYPES: Readonly<Record<ScalarName, string>> = {
  i8: '__s8',
  u8: '__u8',
  i16: '__s16',
  u16: '__u16',
  i32: '__s32',
  u32: '__u32',
  i64: '__s64',
  u64: '__u64',
  i64n: '__s64',
  u64n: '__u64',
  f32: 'float',
  f64: 'double',
  bool: '_Bool',
};

/** Base types of enumerations. Not the typedefs above: clang would treat an enumeration based on one as unsigned. */
const ENUM_BASES: Partial<Record<ScalarName, string>> = {
  i8: 'signed char',
  u8: 'unsigned char',
  i16: 'short',
  u16: 'unsigned short',
  i32: 'int',
  u32: 'unsigned int',
  i64: 'long long',
  u64: 'unsigned long long',
};

/** The text of a C header for a BPF program: enumerations, structs, and the values of maps. */
export function cHeader(declared: Declared, guard: string, comment: readonly string[]): string {
  const { enums, structs, values } = declared;
  const parts = [
    ...enums.map(enumText),
    ...structs.map((layout) => `${body(layout, '')};\n${asserts(layout)}`),
    ...values.map(({ name, map, shape }) => valueText(name, map, shape)),
  ];
  return `/*
${comment.map((line) => ` * ${line}\n`).join('')} */
#ifndef ${guard}
#define ${guard}

#if !defined(__VMLINUX_H__)
#include <linux/types.h>
#endif
${values.length > 0 ? UPTR : ''}
${parts.join('\n')}
#endif
`;
}

const UPTR = `
/* A pointer to pinned user memory (Linux 6.13). clang before 15 drops the tag without a word. */
#ifndef __uptr
#if defined(__bpf__)
#define __uptr __attribute__((btf_type_tag("uptr")))
#else
#define __uptr
#endif
#endif
`;

function enumText(type: EnumType): string {
  const constants = Object.entries(type.constants);
  // C has no enumeration without constants; fields of it are the integer.
  if (constants.length === 0) return `/* enum ${type.tag} has no constants */\n`;
  const lines = constants.map(([name, value]) => `  ${name} = ${literal(value)},\n`).join('');
  const plain = plainEnumType(constants.map(([, value]) => BigInt(value)));
  const base = type.name === plain ? '' : ` : ${ENUM_BASES[type.name]}`;
  return `enum ${type.tag}${base} {\n${lines}};\n`;
}

/** What clang and gcc keep an enumeration in. */
function plainEnumType(values: readonly bigint[]): ScalarName {
  const signed = values.some((value) => value < 0n);
  const fits = values.every((value) => BigInt.asIntN(32, value) === value);
  if (signed) return fits ? 'i32' : 'i64';
  return values.every((value) => value < 2n ** 32n) ? 'u32' : 'u64';
}

function literal(value: number | bigint): string {
  const wide = BigInt(value);
  if (wide === -(2n ** 63n)) return '(-9223372036854775807LL - 1)';
  if (BigInt.asIntN(32, wide) === wide) {
    return wide === -(2n ** 31n) ? '(-2147483647 - 1)' : String(wide);
  }
  if (wide < 2n ** 32n && wide >= 0n) return `${wide}U`;
  return wide < 0n ? `${wide}LL` : `${wide}ULL`;
}

/** A struct or union without the semicolon. An anonymous one has no tag. */
function body(layout: StructLayout, indent: string, isAnonymous = false): string {
  const deeper = `${indent}  `;
  const lines = (padding: readonly string[], margin = deeper) =>
    padding.map((pad) => `${margin}${pad};\n`).join('');
  let text = `${layout.kind}${isAnonymous ? '' : ` ${layout.name}`} {\n`;
  let end = 0;
  for (const [name, member] of Object.entries(layout.types)) {
    const type = unplaced(member);
    const inner = type.kind === 'anonymous' ? type.layout : type;
    const from = layout.kind === 'union' ? 0 : end;
    const bit = member.kind === 'at' ? member.offset * 8 + member.bit : natural(inner, from);
    // Not by __attribute__((aligned)), which would align the struct too, wherever it is nested.
    if (natural(inner, from) !== bit) text += lines(paddingBits(from, bit, layout.align));
    text += `${deeper}${declaration(name, type, deeper)};\n`;
    end = bit + (inner.kind === 'bits' ? inner.width : inner.size * 8);
  }
  if (layout.kind === 'struct') {
    const isFull = roundUp(end, layout.align * 8) === layout.size * 8;
    const padding = isFull ? [] : paddingBits(end, layout.size * 8, layout.align);
    return `${text}${lines(padding)}${indent}}`;
  }
  if (roundUp(largest(layout), layout.align) === layout.size) return `${text}${indent}}`;
  // Each member of a union begins at 0, so that the padding needs a struct.
  const padding = paddingBits(0, layout.size * 8, layout.align);
  return `${text}${deeper}struct {\n${lines(padding, `${deeper}  `)}${deeper}};\n${indent}}`;
}

function largest({ types }: StructLayout): number {
  return Math.max(
    ...Object.values(types).map((member) => {
      const type = unplaced(member);
      if (type.kind === 'bits') return Math.ceil(type.width / 8);
      return type.kind === 'anonymous' ? type.layout.size : type.size;
    }),
  );
}

function natural(type: FieldType | BitsType, from: number): number {
  if (type.kind === 'bits') {
    const unit = type.size * 8;
    const fits = Math.floor(from / unit) === Math.floor((from + type.width - 1) / unit);
    return fits ? from : roundUp(from, unit);
  }
  return roundUp(from, type.align * 8);
}

function declaration(name: string, type: ReturnType<typeof unplaced>, indent: string): string {
  if (type.kind === 'anonymous') return body(type.layout, indent, true);
  if (type.kind === 'bits') return `${typeName(type.base)} ${name} : ${type.width}`;
  let element: FieldType = type;
  let dimensions = '';
  while (element.kind === 'array') {
    dimensions += `[${element.length}]`;
    element = element.element;
  }
  return `${typeName(element)} ${name}${dimensions}`;
}

function typeName(type: Exclude<FieldType, { kind: 'array' }>): string {
  if (isStructLayout(type)) return `${type.kind} ${type.name}`;
  const isDeclared = isEnum(type) && Object.keys(type.constants).length > 0;
  return isDeclared ? `enum ${type.tag}` : C_TYPES[type.name];
}

/** The compiler says so if it has laid the struct out otherwise. */
function asserts(layout: StructLayout): string {
  const tag = `${layout.kind} ${layout.name}`;
  const offsets = layout.fields
    .filter(({ bit }) => bit === undefined)
    .map(({ name, offset }) => assertion(`__builtin_offsetof(${tag}, ${name})`, offset));
  return [assertion(`sizeof(${tag})`, layout.size), ...offsets].join('');
}

function assertion(what: string, value: number): string {
  return `_Static_assert(${what} == ${value}, "${what}");\n`;
}

function valueText(name: string, map: string, shape: ValueShape): string {
  const pointees = [...new Set(layoutsOf(shape))].map(({ kind, name: tag }) => {
    return `static ${kind} ${tag}* ${tag}_is_whole __attribute__((used));\n`;
  });
  return `/* The value of the map ${map}. */
struct ${name} {
${valueMembers(shape, '  ').text}};

#if defined(__bpf__)
/* Without these clang describes what the pointers point to by its name only. */
${pointees.join('')}#endif
`;
}

function valueMembers(shape: ValueShape, indent: string): { text: string; size: number } {
  let text = '';
  let end = 0;
  let align = 1;
  for (const [name, placed] of Object.entries(shape)) {
    const isPlaced = placed.kind === 'at' && 'type' in placed;
    const member = (isPlaced ? placed.type : placed) as Member | ValueShape;
    const isData = typeof member.kind === 'string' && !isStructLayout(member);
    const nested = isData || isStructLayout(member) ? undefined : (member as ValueShape);
    const inside = nested && valueMembers(nested, `${indent}  `);
    const data = member as FieldType;
    const [size, needs] = isData ? [data.size, data.align] : [inside?.size ?? 8, 8];
    const next = roundUp(end, needs);
    const offset = isPlaced ? (placed.offset as number) : next;
    if (next !== offset) {
      text += paddingBits(end * 8, offset * 8, 8)
        .map((pad) => `${indent}${pad};\n`)
        .join('');
    }
    if (inside) text += `${indent}struct {\n${inside.text}${indent}} ${name};\n`;
    else if (isData) text += `${indent}${declaration(name, data, indent)};\n`;
    else text += `${indent}${data.kind} ${(member as StructLayout).name} __uptr* ${name};\n`;
    end = offset + size;
    align = Math.max(align, needs);
  }
  return { text, size: roundUp(end, align) };
}

function roundUp(offset: number, multiple: number): number {
  return Math.ceil(offset / multiple) * multiple;
}
