import { describe, expect, test } from 'vitest';
import { Blob } from '../../../../test/btf/blob.js';
import { CLayouts } from './bridge/c-layout.js';
import { mapValueOf } from './bridge/map-value.js';
import { Btf } from './btf.js';
import { Kind } from './kinds.js';
import { sizeOf } from './size.js';

const code = (name: string, offset?: number) =>
  expect.objectContaining({ code: name, ...(offset === undefined ? {} : { offset }) });

describe.each([true, false])('little endian: %s', (littleEndian) => {
  test('every kind is decoded', () => {
    const blob = new Blob({ littleEndian });
    const int = blob.int('int', 4, 1);
    const of = (kind: number, name = '', flag = false) => blob.add(kind, name, int, [], { flag });
    const expected: unknown[] = [
      { kind: 'int', name: 'int', size: 4, signed: true, bool: false, bitOffset: 0, bits: 32 },
    ];
    const push = (id: number, type: unknown) => {
      expected[id - 1] = type;
    };
    push(of(Kind.ptr), { kind: 'ptr', type: int });
    push(blob.add(Kind.array, '', 0, [int, int, 7]), {
      kind: 'array',
      type: int,
      indexType: int,
      length: 7,
    });
    push(
      blob.struct(
        's',
        8,
        [
          ['a', int, 0],
          ['b', int, (5 << 24) | 33],
        ],
        { flag: true },
      ),
      {
        kind: 'struct',
        name: 's',
        size: 8,
        members: [
          { name: 'a', type: int, bitOffset: 0, bitSize: 0 },
          { name: 'b', type: int, bitOffset: 33, bitSize: 5 },
        ],
      },
    );
    push(blob.struct('u', 4, [['', int, 0]], { kind: Kind.union }), {
      kind: 'union',
      name: 'u',
      size: 4,
      members: [{ name: '', type: int, bitOffset: 0, bitSize: 0 }],
    });
    const [a, b] = [blob.name('A'), blob.name('B')];
    push(blob.add(Kind.enum, 'e', 4, [a, 1, b, 0xffff_ffff], { length: 2 }), {
      kind: 'enum',
      name: 'e',
      size: 4,
      signed: false,
      constants: [
        ['A', 1n],
        ['B', 0xffff_ffffn],
      ],
    });
    push(blob.add(Kind.enum, 'n', 4, [b, 0xffff_ffff], { length: 1, flag: true }), {
      kind: 'enum',
      name: 'n',
      size: 4,
      signed: true,
      constants: [['B', -1n]],
    });
    push(blob.add(Kind.enum64, 'w', 8, [a, 2, 0x8000_0000], { length: 1, flag: true }), {
      kind: 'enum64',
      name: 'w',
      size: 8,
      signed: true,
      constants: [['A', -(2n ** 63n) + 2n]],
    });
    push(of(Kind.fwd, 'f', true), { kind: 'fwd', name: 'f', of: 'union' });
    push(of(Kind.typedef, 't'), { kind: 'typedef', name: 't', type: int });
    push(of(Kind.volatile), { kind: 'volatile', type: int });
    push(of(Kind.const), { kind: 'const', type: int });
    push(of(Kind.restrict), { kind: 'restrict', type: int });
    push(blob.add(Kind.func, 'g', int, [], { length: 1 }), {
      kind: 'func',
      name: 'g',
      type: int,
      linkage: 1,
    });
    push(blob.add(Kind.funcProto, '', int, [a, int], { length: 1 }), {
      kind: 'funcProto',
      type: int,
      parameters: [{ name: 'A', type: int }],
    });
    push(blob.add(Kind.var, 'v', int, [2]), { kind: 'var', name: 'v', type: int, linkage: 2 });
    push(blob.add(Kind.datasec, '.data', 16, [int, 8, 4], { length: 1 }), {
      kind: 'datasec',
      name: '.data',
      size: 16,
      variables: [{ type: int, offset: 8, size: 4 }],
    });
    push(blob.add(Kind.float, 'double', 8), { kind: 'float', name: 'double', size: 8 });
    push(blob.add(Kind.declTag, 'tag', int, [0xffff_ffff]), {
      kind: 'declTag',
      name: 'tag',
      type: int,
      component: -1,
      isAttribute: false,
    });
    push(of(Kind.typeTag, 'uptr'), {
      kind: 'typeTag',
      name: 'uptr',
      type: int,
      isAttribute: false,
    });
    push(of(Kind.typeTag, 'packed', true), {
      kind: 'typeTag',
      name: 'packed',
      type: int,
      isAttribute: true,
    });
    push(blob.add(Kind.locParam, '', 8, [1, 2, 3], { length: 2 }), { kind: 'other', number: 20 });
    push(blob.add(Kind.locProto, '', 0, [1, 2], { length: 2 }), { kind: 'other', number: 21 });
    push(blob.add(Kind.locSec, '', 0, [1, 2, 3], { length: 1 }), { kind: 'other', number: 22 });
    push(blob.int('last', 8), {
      kind: 'int',
      name: 'last',
      size: 8,
      signed: false,
      bool: false,
      bitOffset: 0,
      bits: 64,
    });
    const btf = blob.btf();
    expect(btf.littleEndian).toBe(littleEndian);
    expect(btf.type(0)).toEqual({ kind: 'void' });
    expect(Array.from({ length: btf.typeCount - 1 }, (_, i) => btf.type(i + 1))).toEqual(expected);
  });
});

test('a newer kind is stepped over where the file says how large it is', () => {
  const blob = new Blob();
  blob.add(99, '', 0, [1, 2, 3], { length: 2 });
  const int = blob.int('int', 4);
  expect(() => blob.btf()).toThrow(code('ERR_SCHEDHINT_BTF', 28));
  blob.layouts = Array(100).fill(0);
  blob.layouts[99] = 4 | (4 << 8); // 4 bytes once, 4 for each element
  expect(blob.btf().type(int)).toMatchObject({ name: 'int' });
  expect(blob.btf().type(1)).toEqual({ kind: 'other', number: 99 });
});

test("a module's BTF goes on where its base ends", () => {
  const base = new Blob();
  const int = base.int('int', 4, 1);
  const module = new Blob({ base });
  const own = module.struct('own', 4, [['field', int, 0]]);
  const btf = module.btf(base.btf());
  expect(own).toBe(2);
  expect(btf.type(own)).toMatchObject({ name: 'own', members: [{ name: 'field', type: int }] });
  expect(btf.type(int)).toMatchObject({ name: 'int' });
  expect([btf.named('int'), btf.named('own')]).toEqual([[int], [own]]);
});

test('an attribute that is called uptr is not the tag', () => {
  const value = (flag: boolean) => {
    const blob = new Blob();
    const data = blob.struct('data', 4, [['a', blob.int('int', 4, 1), 0]]);
    const tag = blob.add(Kind.typeTag, 'uptr', data, [], { flag });
    const struct = blob.struct('value', 8, [['p', blob.add(Kind.ptr, '', tag), 0]]);
    const btf = blob.btf();
    return mapValueOf(btf, new CLayouts(btf), struct, 'map');
  };
  expect(value(false).shape.p).toMatchObject({ kind: 'struct', name: 'data' });
  expect(() => value(true)).toThrow(code('ERR_SCHEDHINT_BTF_NOT_FOUND'));
});

test('the bit-fields of old compilers: an integer narrower than its bytes', () => {
  const blob = new Blob();
  const five = blob.add(Kind.int, 'unsigned int', 4, [(3 << 16) | 5]);
  const struct = blob.struct('old', 4, [['a', five, 8]]);
  const layout = new CLayouts(blob.btf()).structOf(struct, 'old');
  expect(layout.fields).toEqual([
    expect.objectContaining({ name: 'a', bit: 11, type: expect.objectContaining({ width: 5 }) }),
  ]);
});

test('pointers are as large as long', () => {
  for (const size of [4, 8] as const) {
    const blob = new Blob();
    blob.int('long', size, 1);
    const pointer = blob.add(Kind.ptr, '', 0);
    expect(sizeOf(blob.btf(), pointer)).toBe(size);
  }
});

describe('what is malformed says where', () => {
  const one = () => {
    const blob = new Blob();
    blob.struct('s', 4, [['a', blob.int('int', 4), 0]]);
    return blob;
  };
  test.each<[string, number, (header: number[]) => void]>([
    ['a header beyond the file', 4, (h) => h.splice(0, 1, 0xffff)],
    ['a header too small', 4, (h) => h.splice(0, 1, 8)],
    ['types beyond the file', 8, (h) => h.splice(2, 1, 0xffff_ffff)],
    ['strings beyond the file', 16, (h) => h.splice(4, 1, 0xffff_ffff)],
    ['types that end in a type', 40, (h) => h.splice(2, 1, 20)],
  ])('%s', (_, offset, change) => {
    expect(() => new Btf(one().bytes(change))).toThrow(code('ERR_SCHEDHINT_BTF', offset));
  });

  test('another version, other bytes, too few', () => {
    const bytes = one().bytes();
    bytes[2] = 2;
    expect(() => new Btf(bytes)).toThrow(code('ERR_SCHEDHINT_BTF', 2));
    expect(() => new Btf(Uint8Array.of(...Array(64).keys()))).toThrow(code('ERR_SCHEDHINT_BTF', 0));
    expect(() => new Btf(Uint8Array.of(0x9f, 0xeb, 1))).toThrow(code('ERR_SCHEDHINT_BTF', 0));
  });

  test('an invalid type or name', () => {
    const blob = new Blob();
    const bad = blob.add(Kind.typedef, 0xfff, 1);
    const far = blob.add(Kind.typedef, 't', 99);
    const btf = blob.btf();
    expect(() => btf.type(bad)).toThrow(code('ERR_SCHEDHINT_BTF', 24));
    expect(() => btf.type(far)).toThrow(code('ERR_SCHEDHINT_BTF', 24 + 12 + 8));
    expect(() => btf.type(99)).toThrow(code('ERR_SCHEDHINT_BTF'));
  });

  test('a name without an end, and one too long', () => {
    const blob = new Blob();
    const id = blob.int('x'.repeat(5000), 4);
    expect(() => blob.btf().type(id)).toThrow(code('ERR_SCHEDHINT_BTF'));
    const cut = blob.bytes((header) => {
      header[4]! -= 1; // the last NUL
    });
    expect(() => new Btf(cut).type(id)).toThrow(code('ERR_SCHEDHINT_BTF'));
  });

  test('an integer with more bits than bytes, an enumeration of 3 bytes', () => {
    const blob = new Blob();
    const int = blob.add(Kind.int, 'int', 4, [(8 << 16) | 32]);
    const three = blob.add(Kind.enum, 'e', 3);
    expect(() => blob.btf().type(int)).toThrow(code('ERR_SCHEDHINT_BTF', 24));
    expect(() => blob.btf().type(three)).toThrow(code('ERR_SCHEDHINT_BTF', 40));
  });
});
