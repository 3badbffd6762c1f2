import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as scalars from './scalars.js';
import { array, isStructLayout, struct } from './struct.js';
import type { FieldType, FieldTypes, StructLayout } from './types.js';

const { u8, u16, u32, u64 } = scalars;
const scalarTypes = Object.values(scalars).filter((value) => typeof value === 'object');

const C_TYPES = {
  i8: 'signed char',
  u8: 'unsigned char',
  i16: 'short',
  u16: 'unsigned short',
  i32: 'int',
  u32: 'unsigned int',
  i64: 'long long',
  u64: 'unsigned long long',
  i64n: 'long long',
  u64n: 'unsigned long long',
  f32: 'float',
  f64: 'double',
  bool: '_Bool',
};

// biome-ignore format: a tree of types, struct tags made unique by a counter
let tag = 0;
const { type: arbitraryType } = fc.letrec<{ type: FieldType; layout: StructLayout }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 6, arbitrary: fc.constantFrom(...scalarTypes) },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('type'), fc.integer({ min: 1, max: 7 })).map(([t, n]) => array(t, n)),
    },
    { weight: 1, arbitrary: tie('layout') },
  ),
  layout: fc.array(tie('type'), { minLength: 1, maxLength: 6 }).map(layoutOfTypes),
}));
const arbitraryLayout = fc.array(arbitraryType, { minLength: 1, maxLength: 12 }).map(layoutOfTypes);

function layoutOfTypes(types: FieldType[]): StructLayout {
  return struct(`s${tag++}`, Object.fromEntries(types.map((type, i) => [`f${i}`, type])));
}

/** The rules again, by trial: the first offset after the last field that the alignment divides. */
function oracle(type: FieldType): { size: number; align: number; offsets: number[] } {
  if (type.kind === 'scalar') {
    const size = { 8: 1, 16: 2, 32: 4, 64: 8 }[/\d+/.exec(type.name)?.[0] ?? '8']!;
    return { size, align: size, offsets: [] };
  }
  if (type.kind === 'array') {
    const element = oracle(type.element);
    return { size: element.size * type.length, align: element.align, offsets: [] };
  }
  const offsets: number[] = [];
  let end = 0;
  let align = 1;
  for (const fieldType of Object.values(type.types)) {
    const field = oracle(fieldType as FieldType);
    while (end % field.align !== 0) end++;
    offsets.push(end);
    end += field.size;
    if (field.align > align) align = field.align;
  }
  while (end % align !== 0) end++;
  return { size: end, align, offsets };
}

function declare(name: string, type: FieldType, dimensions = ''): string {
  if (type.kind === 'array') return declare(name, type.element, `${dimensions}[${type.length}]`);
  const c = type.kind === 'scalar' ? C_TYPES[type.name] : `struct ${type.name}`;
  return `${c} ${name}${dimensions};`;
}

function define(layout: StructLayout, done: Set<string>): string {
  if (done.has(layout.name)) return '';
  done.add(layout.name);
  let before = '';
  for (const field of layout.fields) {
    let type = field.type as FieldType;
    while (type.kind === 'array') type = type.element;
    if (type.kind === 'struct') before += define(type, done);
  }
  const body = layout.fields.map(({ name, type }) => declare(name, type as FieldType)).join(' ');
  return `${before}struct ${layout.name} { ${body} };\n`;
}

function runC(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'schedhint-layout-'));
  try {
    writeFileSync(join(folder, 'p.c'), source);
    execFileSync('cc', ['-o', join(folder, 'p'), join(folder, 'p.c')], { stdio: 'pipe' });
    return execFileSync(join(folder, 'p'), { encoding: 'utf8', maxBuffer: 1 << 26 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('struct', () => {
  test('follows the rules of C', () => {
    fc.assert(
      fc.property(arbitraryLayout, (layout) => {
        const { size, align, offsets } = oracle(layout);
        expect({ size: layout.size, align: layout.align }).toEqual({ size, align });
        expect(layout.fields.map((field) => field.offset)).toEqual(offsets);
        for (const field of layout.fields)
          expect(field.size).toBe(oracle(field.type as FieldType).size);
      }),
    );
  });

  test('agrees with the C compiler', () => {
    const layouts = fc.sample(arbitraryLayout, 40);
    const done = new Set<string>();
    let source = '#include <stdio.h>\n#include <stddef.h>\n';
    for (const layout of layouts) source += define(layout, done);
    source += 'int main(void) {\n';
    for (const { name, fields } of layouts) {
      source += `printf("%zu %zu", sizeof(struct ${name}), _Alignof(struct ${name}));\n`;
      for (const field of fields) {
        source += `printf(" %zu", offsetof(struct ${name}, ${field.name}));\n`;
        source += `printf(" %zu", sizeof(((struct ${name} *)0)->${field.name}));\n`;
      }
      source += 'puts("");\n';
    }
    source += 'return 0; }\n';
    const mine = layouts.map(({ size, align, fields }) =>
      [size, align, ...fields.flatMap((field) => [field.offset, field.size])].join(' '),
    );
    expect(runC(source).trimEnd().split('\n')).toEqual(mine);
  });

  test('is frozen through and through', () => {
    const layout = struct('s', { a: u8, b: array(u16, 3) });
    for (const part of [
      layout,
      layout.fields,
      layout.fields[0],
      layout.types,
      layout.types.b,
      u8,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(layout.fields).toEqual([
      { name: 'a', offset: 0, size: 1, type: u8 },
      { name: 'b', offset: 2, size: 6, type: layout.types.b },
    ]);
    expect(isStructLayout(layout)).toBe(true);
    for (const other of [u8, layout.types.b, {}, null, { kind: 'struct', fields: [] }]) {
      expect(isStructLayout(other)).toBe(false);
    }
  });

  test.each(['', '1a', 'a b', 'a-b', 'ä', 'int', 'struct', 5, undefined])(
    'refuses the name %j',
    (name) => {
      expect(() => struct(name as string, { a: u8 })).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_LAYOUT' }),
      );
    },
  );

  test.each([
    '',
    '0',
    '12',
    'a b',
    'é',
    'int',
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__proto__',
  ])('refuses the field name %j', (name) => {
    const fields = Object.defineProperty({ good: u8 }, name, { value: u8, enumerable: true });
    expect(() => struct('s', fields)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_LAYOUT' }),
    );
  });

  test('refuses what is no object of field types', () => {
    const bad: unknown[] = [
      undefined,
      null,
      5,
      {},
      { a: 5 },
      { a: undefined },
      { a: 'u8' },
      { [Symbol('s')]: u8 },
      { __proto__: u8 },
      { a: { ...u8 } },
      { a: Object.freeze({ ...u8, name: 'u128' }) },
    ];
    for (const fields of bad) {
      expect(() => struct('s', fields as FieldTypes)).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_LAYOUT' }),
      );
    }
  });

  test('takes names that only look special', () => {
    const layout = struct('s', { toJSON: u8, self: u8, _: u64, length: u32, a1: u8 });
    expect(layout.fields.map((field) => field.name)).toEqual([
      'toJSON',
      'self',
      '_',
      'length',
      'a1',
    ]);
  });
});

describe('array', () => {
  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 31, '3', undefined, null, 3n])(
    'refuses the length %s',
    (n) => {
      expect(() => array(u8, n as number)).toThrow(
        expect.objectContaining({ name: 'RangeError', code: 'ERR_SCHEDHINT_LAYOUT' }),
      );
    },
  );

  test('refuses an element that is no type', () => {
    for (const element of [undefined, null, 5, 'u8', {}, { ...u8 }]) {
      expect(() => array(element as FieldType, 3)).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_LAYOUT' }),
      );
    }
  });
});
