// Members beyond plain fields: bit-fields, unions, anonymous members, enumerations, bool, places.
// test/btf/c-structs.test.ts holds the same against a C compiler.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { bits } from '../layout/bit-field.js';
import { enumeration } from '../layout/enumeration.js';
import { anonymous, at } from '../layout/placement.js';
import { bool, f32, i32, i64, type ScalarType, u8, u16, u32, u64 } from '../layout/scalars.js';
import { array, struct, union } from '../layout/struct.js';
import type { FieldTypes, Layout } from '../layout/types.js';
import { atomics, ordered } from './atomics.js';
import { createView, type ViewOf } from './struct-view.js';

const viewOf = <L extends Parameters<typeof createView>[0]>(layout: L) => {
  const buffer = new ArrayBuffer(layout.size);
  return { view: createView(layout, buffer, 0) as ViewOf<L>, bytes: new Uint8Array(buffer) };
};
const places = (layout: { fields: readonly { name: string; offset: number; bit?: number }[] }) =>
  Object.fromEntries(layout.fields.map(({ name, offset, bit }) => [name, bit ?? offset * 8]));
const refused = (name: 'TypeError' | 'RangeError') =>
  expect.objectContaining({ name, code: 'ERR_SCHEDHINT_LAYOUT' });

const manners = { plain: <V extends object>(view: V) => view, ordered };

describe.each(Object.entries(manners))('bit-fields, %s', (_, manner) => {
  const field = fc
    .tuple(fc.constantFrom(u8, u16, u32, u64, i32, i64), fc.integer({ min: 1, max: 64 }))
    .map(([type, width]) => bits(type as ScalarType<'u32'>, Math.min(width, type.size * 8)));

  test('hold their values, and leave all other bits alone', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), fc.nat(), (types, seed) => {
        const layout = struct('s', Object.fromEntries(types.map((type, i) => [`f${i}`, type])));
        const { view, bytes } = viewOf(layout);
        const fields = manner(view) as Record<string, number | bigint>;
        fc.assert(
          fc.property(
            fc.uint8Array({ minLength: layout.size, maxLength: layout.size }),
            (random) => {
              bytes.set(random);
              const before = layout.fields.map(({ name }) => fields[name]);
              for (const [i, { base, width }] of types.entries()) {
                const signed = base.name.startsWith('i');
                const low = signed ? -(2n ** BigInt(width - 1)) : 0n;
                const high = 2n ** BigInt(signed ? width - 1 : width) - 1n;
                for (const value of [low, high, (low + high) / 2n]) {
                  const mine = base.size === 8 ? value : Number(value);
                  fields[`f${i}`] = mine;
                  expect(fields[`f${i}`]).toBe(mine);
                }
                const was = [...bytes];
                for (const value of [low - 1n, high + 1n]) {
                  expect(() => {
                    fields[`f${i}`] = base.size === 8 ? value : Number(value);
                  }).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }));
                }
                expect([...bytes]).toEqual(was);
                fields[`f${i}`] = before[i]!;
                expect(layout.fields.map(({ name }) => fields[name])).toEqual(before);
              }
              expect([...bytes]).toEqual([...random]);
            },
          ),
          { numRuns: 3, seed },
        );
      }),
      { numRuns: 60 },
    );
  });

  test('are reached through no more of their neighbours than must be', () => {
    const layout = struct('s', { a: u8, b: bits(u32, 5), c: u16 });
    expect(layout.fields[1]).toMatchObject({ offset: 1, size: 1, bit: 8 });
    const { view, bytes } = viewOf(layout);
    manner(view).b = 31;
    expect([...bytes]).toEqual([0, 31, 0, 0]);
  });

  test('of bool and of an enumeration', () => {
    const mode = enumeration('mode', { OFF: -1, ON: 1 }, i32);
    const { view, bytes } = viewOf(struct('s', { on: bits(bool, 1), mode: bits(mode, 2) }));
    const it = manner(view);
    it.on = true;
    it.mode = -1;
    expect([it.on, it.mode, bytes[0]]).toEqual([true, -1, 0b111]);
    it.on = false;
    expect([it.on, it.mode, bytes[0]]).toEqual([false, -1, 0b110]);
    expect(() => {
      it.on = 1 as never;
    }).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }));
  });
});

describe.each([
  ['u8', u8],
  ['u16', u16],
  ['u32', u32],
  ['u64', u64],
] as const)('ordered, in a word of %s', (_, type) => {
  test('what another thread stores between load and store is not lost', () => {
    const width = type.size * 8 - 2;
    const { view, bytes } = viewOf(struct('s', { mine: bits(u8, 2), theirs: bits(type, width) }));
    const it = ordered(view) as unknown as Record<string, number | bigint>;
    const exchange = Atomics.compareExchange as (...args: unknown[]) => unknown;
    const spy = vi.spyOn(Atomics, 'compareExchange').mockImplementationOnce(((
      ...args: unknown[]
    ) => {
      bytes[0]! |= 2; // the other thread, just now
      return exchange(...args);
    }) as never);
    it.theirs = type.size === 8 ? 5n : 5;
    expect(spy).toHaveBeenCalledTimes(2);
    spy.mockRestore();
    expect([Number(it.mine), Number(it.theirs)]).toEqual([2, 5]);
  });
});

test('atomics refuse what Atomics does not have', () => {
  const { view } = viewOf(struct('s', { flag: bits(u32, 1), on: bool }));
  for (const name of ['flag', 'on'] as const) {
    expect(() => atomics.add(view as never, name as never, 1 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
    );
  }
});

test('the types of what they hold', () => {
  const policy = enumeration('policy', { A: 0, B: 1 });
  const layout = struct('s', {
    flag: bits(u32, 1),
    wide: bits(u64, 40),
    on: bool,
    policy,
    placed: at(32, u64),
    both: union('both', { low: u32, whole: u64 }),
    any: anonymous(union('any', { x: u32, y: f32, pair: struct('pair', { p: u8, q: u8 }) })),
  });
  type View = ViewOf<typeof layout>;
  expectTypeOf<View['flag']>().toEqualTypeOf<number>();
  expectTypeOf<View['wide']>().toEqualTypeOf<bigint>();
  expectTypeOf<View['on']>().toEqualTypeOf<boolean>();
  expectTypeOf<View['policy']>().toEqualTypeOf<number>();
  expectTypeOf<View['placed']>().toEqualTypeOf<bigint>();
  expectTypeOf<View['both']['whole']>().toEqualTypeOf<bigint>();
  expectTypeOf<View['y']>().toEqualTypeOf<number>();
  expectTypeOf<View['pair']['q']>().toEqualTypeOf<number>();
  expectTypeOf<'any' extends keyof View ? true : false>().toEqualTypeOf<false>();
  const named: Layout<{ get a(): bigint; set a(value: number | bigint) }> = struct('n', { a: u64 });
  expectTypeOf<ViewOf<typeof named>['a']>().toEqualTypeOf<bigint>();
  const { view } = viewOf(named);
  view.a = 5;
  expect(view.a).toBe(5n);
});

test('a union has all of its fields over the same bytes', () => {
  const layout = struct('s', { before: u8, u: union('u', { low: u32, parts: array(u16, 4) }) });
  expect(layout.size).toBe(12);
  const { view } = viewOf(layout);
  view.u.low = 0x0002_0001;
  expect([...view.u.parts]).toEqual([1, 2, 0, 0]);
  expect(() => {
    (view as Record<string, unknown>).u = 1;
  }).toThrow(expect.objectContaining({ message: expect.stringContaining('view.u.low =') }));
});

test("an anonymous member's fields are the struct's own", () => {
  const layout = struct('s', {
    kind: u32,
    _: anonymous(
      union('u', { whole: u64, _: anonymous(struct('halves', { low: u32, flag: bits(u32, 1) })) }),
    ),
    after: u8,
  });
  expect(places(layout)).toEqual({ kind: 0, whole: 64, low: 64, flag: 96, after: 128 });
  const { view } = viewOf(layout);
  view.flag = 1;
  expect(view.whole).toBe(0x1_0000_0000n);
  expect(JSON.stringify(view)).toBe('{"kind":0,"whole":"4294967296","low":0,"flag":1,"after":0}');
  expect(() => struct('s', { a: u8, _: anonymous(struct('t', { a: u8 })) })).toThrow(
    refused('TypeError'),
  );
});

test('places and sizes that C has only with attributes', () => {
  const layout = struct('s', { a: u8, b: at(64, u64), c: at(72, bits(u32, 3), 5) }, { size: 128 });
  expect(places(layout)).toEqual({ a: 0, b: 512, c: 581 });
  expect(layout.size).toBe(128);
  const bad: [FieldTypes, number?][] = [
    [{ a: u32, b: at(2, u8) }],
    [{ a: u8, b: at(2, u32) }],
    [{ a: u8, b: at(1.5, u8) }],
    [{ a: u8, b: at(4, u32, 1) }],
    [{ a: u8, b: at(3, bits(u32, 9)) }],
    [{ a: u32 }, 2],
    [{ a: u32 }, 6],
    [{ a: u32 }, Number.NaN],
  ];
  for (const [fields, size] of bad) {
    expect(() => struct('s', fields, size === undefined ? {} : { size })).toThrow(
      refused('RangeError'),
    );
  }
  expect(() => union('u', { a: at(4, u32) })).toThrow(refused('RangeError'));
});

test('bits and enumerations refuse what C does not have', () => {
  for (const [type, width] of [
    [u32, 0],
    [u32, 33],
    [u8, 1.5],
    [bool, 2],
  ] as const) {
    expect(() => bits(type as typeof u32, width)).toThrow(refused('RangeError'));
  }
  for (const type of [f32, struct('s', { a: u8 }), undefined]) {
    expect(() => bits(type as never, 1)).toThrow(refused('TypeError'));
  }
  expect(() => enumeration('e', { A: 256 }, u8)).toThrow(refused('RangeError'));
  expect(() => enumeration('e', { A: -1 })).toThrow(refused('RangeError'));
  expect(() => enumeration('e', { A: 1 }, u64)).toThrow(refused('RangeError'));
  expect(() => enumeration('e', { 'a-b': 1 })).toThrow(refused('TypeError'));
  expect(() => enumeration('int', { A: 1 })).toThrow(refused('TypeError'));
  expect(enumeration('e', { A: -(2n ** 63n) }, i64).constants.A).toBe(-(2n ** 63n));
});
