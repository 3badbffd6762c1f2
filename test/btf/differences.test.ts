// A layout held against the types of a program: what is reported, and what passes.

import {
  anonymous,
  array,
  bits,
  enumeration,
  type FieldTypes,
  f32,
  f64,
  i32,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from '@schedhint/core';
import { btfOfBytes, differences } from '@schedhint/core/btf';
import { beforeAll, describe, expect, test } from 'vitest';
import { bpfObject } from './c-structs.js';

const SOURCE = `
enum mode { OFF, ON };
struct inner { unsigned short x; unsigned int y; };
struct data {
  unsigned int first;
  enum mode mode;
  struct inner inner;
  struct inner more[2];
  float ratio;
  unsigned int flag : 1, level : 5;
  union { unsigned long long whole; struct { unsigned int low, high; }; };
  unsigned char bytes[8];
} data;
`;

const inner = struct('inner', { x: u16, y: u32 });
const good = {
  first: u32,
  mode: enumeration('mode', { OFF: 0, ON: 1 }),
  inner,
  more: array(inner, 2),
  ratio: f32,
  flag: bits(u32, 1),
  level: bits(u32, 5),
  anonymous_1: anonymous(
    union('u', { whole: u64, halves: anonymous(struct('halves', { low: u32, high: u32 })) }),
  ),
  bytes: array(u8, 8),
};

describe('a layout and the struct of a program', () => {
  let told: (fields: FieldTypes) => string[];

  beforeAll(() => {
    const btf = btfOfBytes(bpfObject(SOURCE));
    const id = btf.named('data').find((candidate) => btf.type(candidate).kind === 'struct')!;
    told = (fields) => differences(btf, id, struct('data', fields), 'data');
  });

  test('the same passes', () => {
    expect(told(good)).toEqual([]);
  });

  test.each<[string, FieldTypes]>([
    ['another sign, a number for an enumeration', { ...good, first: i32, mode: i32 }],
    ['other names of the same fields', { one: u32, two: u32, three: inner, four: array(inner, 2) }],
    ['the first fields alone', { first: u32, mode: u32 }],
    ['fields behind the end', { ...good, later: u64, last: inner }],
    ['bytes for anything', { all: array(u8, 64) }],
  ])('%s passes', (_, fields) => {
    expect(told(fields)).toEqual([]);
  });

  test.each<[string, FieldTypes, string]>([
    [
      'a field somewhere else',
      { mode: u32 },
      'data.mode: expected u32 (offset 0, 4 bytes), found enum mode mode (offset 4, 4 bytes)',
    ],
    [
      'another size',
      { first: u16 },
      'data.first: expected u16 (offset 0, 2 bytes), found unsigned int first (offset 0, 4 bytes)',
    ],
    [
      'a float for an integer',
      { first: f32 },
      'data.first: expected f32 (offset 0, 4 bytes), found unsigned int first (offset 0, 4 bytes)',
    ],
    [
      'inside a struct',
      { ...good, inner: struct('other', { y: u32, x: u32 }) },
      'data.inner.y: expected u32 (offset 8, 4 bytes), found unsigned int y (offset 12, 4 bytes)',
    ],
    [
      'inside an array of structs',
      { ...good, more: array(struct('other', { y: u16, x: u32 }), 2) },
      'data.more[].y: expected u16 (offset 16, 2 bytes), found unsigned int y (offset 20, 4 bytes)',
    ],
    [
      'elements of another size',
      { ...good, more: array(u32, 4) },
      'data.more: expected elements of 4 bytes, found struct inner of 8',
    ],
    [
      'a bit-field of another width',
      { ...good, level: bits(u32, 6) },
      'data.level: expected u32:6 (offset 36, bit 1, 6 bits), found unsigned int level (offset 36, bit 1, 5 bits)',
    ],
    [
      'an unknown field where none exists',
      { a: f64 },
      'data.a: expected f64 (offset 0, 8 bytes), found unsigned int first (offset 0, 4 bytes)',
    ],
  ])('%s is reported', (_, fields, sentence) => {
    expect(told(fields)).toContain(sentence);
  });
});
