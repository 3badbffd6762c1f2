import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import * as scalars from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import type { ArrayView } from './array-view.js';
import { ordered } from './atomics.js';
import { createView, rebase, type ViewOf } from './struct-view.js';

const { i32, i64n, u8, u16, u32, u64, u64n, f32, f64 } = scalars;
const types = { ...scalars };
const OFFSET = 16;

const inner = struct('inner', { x: u16, y: u64 });
const outer = struct('outer', {
  flag: u8,
  total: u64,
  nested: inner,
  samples: array(u16, 5),
  points: array(inner, 2),
  grid: array(array(u8, 2), 3),
  count: u32,
});

function over<L extends Parameters<typeof createView>[0]>(layout: L) {
  const buffer = new ArrayBuffer(OFFSET + layout.size + 16);
  return { view: createView(layout, buffer, OFFSET), buffer, bytes: new Uint8Array(buffer) };
}

const min = (bits: number) => -(2n ** BigInt(bits - 1));
const top = (bits: number) => 2n ** BigInt(bits) - 1n;
const half = (bits: number) => 2n ** BigInt(bits - 1) - 1n;

/** Every integer type: the C range, and how a DataView, which this package does not use, reads it. */
const INTEGERS = [
  {
    name: 'i8',
    low: min(8),
    high: half(8),
    big: false,
    read: (d: DataView, o: number) => d.getInt8(o),
  },
  {
    name: 'u8',
    low: 0n,
    high: top(8),
    big: false,
    read: (d: DataView, o: number) => d.getUint8(o),
  },
  {
    name: 'i16',
    low: min(16),
    high: half(16),
    big: false,
    read: (d: DataView, o: number) => d.getInt16(o, true),
  },
  {
    name: 'u16',
    low: 0n,
    high: top(16),
    big: false,
    read: (d: DataView, o: number) => d.getUint16(o, true),
  },
  {
    name: 'i32',
    low: min(32),
    high: half(32),
    big: false,
    read: (d: DataView, o: number) => d.getInt32(o, true),
  },
  {
    name: 'u32',
    low: 0n,
    high: top(32),
    big: false,
    read: (d: DataView, o: number) => d.getUint32(o, true),
  },
  {
    name: 'i64',
    low: min(64),
    high: half(64),
    big: true,
    read: (d: DataView, o: number) => d.getBigInt64(o, true),
  },
  {
    name: 'u64',
    low: 0n,
    high: top(64),
    big: true,
    read: (d: DataView, o: number) => d.getBigUint64(o, true),
  },
  {
    name: 'i64n',
    low: min(64),
    high: half(64),
    big: false,
    read: (d: DataView, o: number) => d.getBigInt64(o, true),
  },
  {
    name: 'u64n',
    low: 0n,
    high: top(64),
    big: false,
    read: (d: DataView, o: number) => d.getBigUint64(o, true),
  },
] as const;

const manners = { plain: <V extends object>(view: V) => view, ordered };

describe.each(Object.entries(manners))('%s', (_, manner) => {
  describe.each(INTEGERS)('$name', ({ name, low, high, big, read }) => {
    const layout = struct('one', { before: u8, it: types[name], after: u8 });
    const offset = OFFSET + layout.fields[1]!.offset;

    test('every value in range is stored as C has it, and read back', () => {
      const corners = [
        low,
        low + 1n,
        -1n,
        0n,
        1n,
        2n ** 31n,
        2n ** 32n,
        2n ** 53n,
        0x7ff00000_00000000n,
        0x7ff00000_00000800n,
        0x7ff80000_00000000n,
        0xfff00000_00000000n,
        0xfff80000_00000000n,
        high - 1n,
        high,
      ];
      const values = fc.oneof(
        fc.constantFrom(...corners.filter((v) => v >= low && v <= high)),
        fc.bigInt({ min: low, max: high }),
        fc.bigInt({ min: high / 2n, max: high }),
      );
      fc.assert(
        fc.property(values, (wanted) => {
          // The nearest number may be one past the range: that one is refused, and tested below.
          const exact = BigInt(Number(wanted));
          fc.pre(big || (exact >= low && exact <= high));
          const value = big ? wanted : Number(wanted);
          const { view, buffer, bytes } = over(layout);
          bytes.fill(0xa5);
          const fields = manner(view) as Record<string, unknown>;
          fields.it = value;
          expect(BigInt(read(new DataView(buffer), offset))).toBe(big ? wanted : exact);
          expect(fields.it).toBe(value);
          // Nothing next to it has changed.
          bytes.fill(0xa5, offset, offset + types[name].size);
          expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    if (big) {
      test('a whole number is stored like the bigint', () => {
        const numbers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 62, 2 ** 53 + 2, -0));
        fc.assert(
          fc.property(numbers, (number) => {
            fc.pre(BigInt(number) >= low);
            const { view, buffer } = over(layout);
            const fields = manner(view) as Record<string, unknown>;
            fields.it = number;
            expect(read(new DataView(buffer), offset)).toBe(BigInt(number));
            expect(fields.it).toBe(BigInt(number));
          }),
        );
      });
    }

    test('what C stored is read as the nearest value', () => {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: top(64) }), (bits) => {
          const { view, buffer } = over(layout);
          new DataView(buffer).setBigUint64(offset - (offset % 8), bits, true);
          const truth = read(new DataView(buffer), offset);
          expect((manner(view) as Record<string, unknown>).it).toBe(big ? truth : Number(truth));
        }),
      );
    });

    test('every invalid value throws and leaves the memory untouched', () => {
      const wrong = fc.oneof(
        fc.constantFrom<unknown>(
          '1',
          '',
          null,
          undefined,
          true,
          {},
          [1],
          Symbol('s'),
          () => 1,
          new Number(1),
          { valueOf: () => 1 },
        ),
        ...(big ? [] : [fc.bigInt()]),
      );
      const out = fc.oneof(
        ...(big ? [fc.bigInt({ max: low - 1n }), fc.bigInt({ min: high + 1n })] : []),
        fc.constantFrom(
          NaN,
          Infinity,
          -Infinity,
          0.5,
          -0.5,
          1.000001,
          Number(low) * 2 - 1,
          2 ** 64,
          1e300,
        ),
        fc
          .double()
          .filter(
            (v) =>
              !Number.isInteger(v) || v < Number(low) || (Number.isInteger(v) && BigInt(v) > high),
          ),
        fc.constant(Number(high + 1n)),
      );
      const attempts = fc.oneof(
        wrong.map((value) => [value, 'TypeError', 'ERR_SCHEDHINT_FIELD_TYPE'] as const),
        out.map((value) => [value, 'RangeError', 'ERR_SCHEDHINT_FIELD_RANGE'] as const),
      );
      fc.assert(
        fc.property(attempts, ([value, error, code]) => {
          const { view, bytes } = over(layout);
          bytes.fill(0xa5);
          expect(() => {
            (manner(view) as Record<string, unknown>).it = value;
          }).toThrow(
            expect.objectContaining({
              name: error,
              code,
              message: expect.stringMatching(/^it: expected /),
            }),
          );
          expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
        }),
        { numRuns: 200 },
      );
    });
  });

  test('floats round-trip; what is no number or no float is refused', () => {
    const layout = struct('floats', { single: f32, twice: f64 });
    fc.assert(
      fc.property(fc.double(), (value) => {
        const { view, buffer } = over(layout);
        const fields = manner(view);
        fields.twice = value;
        expect(fields.twice).toBe(value);
        expect(new DataView(buffer).getFloat64(OFFSET + 8, true)).toBe(value);
        const lost = Number.isFinite(value) && !Number.isFinite(Math.fround(value));
        const assign = () => {
          fields.single = value;
        };
        if (lost)
          expect(assign).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }));
        else assign();
        expect(fields.single).toBe(lost ? 0 : Math.fround(value));
        for (const bad of ['1', 1n, null, undefined]) {
          for (const name of ['single', 'twice'] as const) {
            expect(() => {
              fields[name] = bad as never;
            }).toThrow(
              expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
            );
          }
        }
      }),
    );
  });

  test('nested structs and arrays are views, always the same', () => {
    const { view, buffer } = over(outer);
    const it = manner(view);
    expect(it.nested).toBe(it.nested);
    expect(it.samples).toBe(it.samples);
    expect(it.points.at(1)).toBe(it.points.at(1));
    it.nested.y = 7n;
    it.samples.set(4, 9);
    it.points.at(1).x = 11;
    it.grid.at(2).set(1, 13);
    const data = new DataView(buffer, OFFSET);
    const at = (name: string) => outer.fields.find((field) => field.name === name)!.offset;
    expect(data.getBigUint64(at('nested') + 8, true)).toBe(7n);
    expect(data.getUint16(at('samples') + 8, true)).toBe(9);
    expect(data.getUint16(at('points') + 16, true)).toBe(11);
    expect(data.getUint8(at('grid') + 5)).toBe(13);
    expect([...it.samples]).toEqual([0, 0, 0, 0, 9]);
    expect([...it.samples.fill(3)]).toEqual([3, 3, 3, 3, 3]);
    expect(it.points.length).toBe(2);
  });

  test('array elements are checked like fields', () => {
    const { view, bytes } = over(outer);
    const { samples } = manner(view);
    for (const index of [-1, 5, 0.5, NaN, '0', undefined]) {
      expect(() => samples.at(index as number)).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }),
      );
      expect(() => samples.set(index as number, 1)).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_RANGE' }),
      );
    }
    for (const write of [(v: number) => samples.set(0, v), (v: number) => samples.fill(v)]) {
      expect(() => write(65536)).toThrow(expect.objectContaining({ name: 'RangeError' }));
      expect(() => write('1' as never)).toThrow(expect.objectContaining({ name: 'TypeError' }));
    }
    expect(() => manner(view).points.set(0, {} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
    );
    expect(() => manner(view).points.fill({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
    );
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('structs and arrays cannot be assigned, and the error says what can', () => {
    const it = manner(over(outer).view) as Record<string, unknown>;
    expect(() => {
      it.nested = { x: 1 };
    }).toThrow(
      expect.objectContaining({
        code: 'ERR_SCHEDHINT_FIELD_TYPE',
        message: expect.stringContaining('view.nested.x ='),
      }),
    );
    expect(() => {
      it.samples = [1];
    }).toThrow(
      expect.objectContaining({
        code: 'ERR_SCHEDHINT_FIELD_TYPE',
        message: expect.stringContaining('.fill(value)'),
      }),
    );
    expect(() => {
      it.coutn = 1;
    }).toThrow(TypeError);
  });

  test('rebase moves all of it, and copies nothing', () => {
    const { view, bytes } = over(outer);
    const it = manner(view);
    const { nested, samples, points, grid } = it;
    const deep = points.at(1);
    const cell = grid.at(1);
    const other = new ArrayBuffer(outer.size + 8);
    rebase(view, other, 8);
    it.count = 1;
    nested.y = 2n;
    samples.fill(3);
    deep.x = 4;
    cell.set(0, 5);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(JSON.stringify(createView(outer, other, 8))).toBe(JSON.stringify(view));
    expect([it.nested, it.samples, it.points.at(1)]).toEqual([nested, samples, deep]);
    expect(it.nested).toBe(nested);
    expect([
      view.count,
      view.nested.y,
      [...view.samples],
      view.points.at(1).x,
      view.grid.at(1).at(0),
    ]).toEqual([1, 2n, [3, 3, 3, 3, 3], 4, 5]);
  });

  test('no way leads from a view to its memory', () => {
    const view = manner(over(outer).view);
    const seen = new Set<unknown>();
    const queue: unknown[] = [view, view.nested, view.samples, view.points, ...view.points];
    while (queue.length > 0) {
      const value = queue.pop();
      if (value === null || !['object', 'function'].includes(typeof value) || seen.has(value))
        continue;
      seen.add(value);
      expect(
        ArrayBuffer.isView(value) ||
          value instanceof ArrayBuffer ||
          value instanceof SharedArrayBuffer,
      ).toBe(false);
      // What every program has anyway is not ours to walk.
      if (value === Object.prototype || value === Function.prototype) continue;
      queue.push(Object.getPrototypeOf(value));
      for (const key of Reflect.ownKeys(value as object)) {
        const property = Object.getOwnPropertyDescriptor(value, key)!;
        queue.push(property.get, property.set, property.value);
        if (typeof value === 'object') {
          try {
            queue.push(Reflect.get(value, key, view));
          } catch {
            // An accessor of another view's class.
          }
        }
      }
    }
    expect(seen.size).toBeGreaterThan(10);
    // What a view holds is an empty shell: no field, no method, no constructor.
    const shell = (view as unknown as Record<string, object>)['#memory']!;
    const prototype = Object.getPrototypeOf(shell);
    expect([...Reflect.ownKeys(shell), ...Reflect.ownKeys(prototype)]).toEqual([]);
    expect(Object.getPrototypeOf(prototype)).toBe(null);
  });
});

test('the types of a view are those of its fields', () => {
  type View = ViewOf<typeof outer>;
  expectTypeOf<View['flag']>().toEqualTypeOf<number>();
  expectTypeOf<View['total']>().toEqualTypeOf<bigint>();
  expectTypeOf<View['nested']['y']>().toEqualTypeOf<bigint>();
  expectTypeOf<View['samples']>().toEqualTypeOf<ArrayView<number>>();
  expectTypeOf<ReturnType<View['points']['at']>['x']>().toEqualTypeOf<number>();
});

test('an invalid place is refused', () => {
  const layout = struct('s', { a: u64 });
  const buffer = new ArrayBuffer(32);
  for (const offset of [1, 4, 32, 28, -8, 0.5, NaN, '0']) {
    expect(() => createView(layout, buffer, offset as number)).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  }
  const view = createView(layout, buffer, 0);
  expect(() => rebase(view, buffer, 4)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
  view.a = 5n;
  expect(new BigUint64Array(buffer)[0]).toBe(5n);
  for (const bad of [new Uint8Array(8), null, {}]) {
    expect(() => createView(layout, bad as ArrayBuffer, 0)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  }
  expect(() => createView({} as typeof layout, buffer, 0)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
  expect(() => rebase({}, buffer, 0)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
});

test('accessors refuse an object that is no view of theirs', () => {
  const { view } = over(struct('s', { a: u32 }));
  const forged = Object.create(Object.getPrototypeOf(view));
  expect(() => forged.a).toThrow(TypeError);
  expect(() => {
    Object.create(view, { '#memory': { value: { u32: [1] } } }).a = 1;
  }).toThrow(TypeError);
});

test('one class for each layout', () => {
  const layout = struct('s', { a: u32 });
  const classOf = (view: object): object => Object.getPrototypeOf(view);
  const first = classOf(over(layout).view);
  expect(classOf(over(layout).view) === first).toBe(true);
  expect(classOf(over(struct('s', { a: u32 })).view) === first).toBe(false);
});

test('works over shared memory', () => {
  const shared = new SharedArrayBuffer(64);
  createView(outer, new SharedArrayBuffer(256), 0).count = 1;
  const view = createView(struct('s', { a: i32, b: i64n }), shared, 32);
  view.b = -1;
  expect(new BigInt64Array(shared)[5]).toBe(-1n);
});

test('JSON and console.log show the fields', () => {
  const { view } = over(outer);
  view.total = 2n ** 63n;
  view.nested.x = 3;
  const json = {
    flag: 0,
    total: '9223372036854775808',
    nested: { x: 3, y: '0' },
    samples: [0, 0, 0, 0, 0],
    points: [
      { x: 0, y: '0' },
      { x: 0, y: '0' },
    ],
    grid: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    count: 0,
  };
  expect(JSON.parse(JSON.stringify(view))).toEqual(json);
  expect((view as unknown as { toJSON(): unknown }).toJSON()).toEqual(json);
  const shown = inspect(view, { depth: 4 });
  expect(shown).toMatch(
    /^outer \{\s+flag: 0,\s+total: 9223372036854775808n,\s+nested: inner \{ x: 3, y: 0n \}/,
  );
  expect(shown).toContain('samples: [ 0, 0, 0, 0, 0 ]');
  const odd = over(struct('odd', { toJSON: u64n })).view;
  odd.toJSON = 5;
  expect(odd.toJSON).toBe(5);
});
