import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as scalars from '../layout/scalars.js';
import { array, struct } from '../layout/struct.js';
import { atomics, ordered } from './atomics.js';
import { createView, rebase } from './struct-view.js';

const { f32, f64, i64n, u16, u32, u64, u64n } = scalars;
const layout = struct('many', {
  ...INTEGER_FIELDS(),
  single: f32,
  twice: f64,
  list: array(u16, 2),
  nested: struct('in', { a: u32 }),
});

function INTEGER_FIELDS() {
  const { i8, u8, i16, u16, i32, u32, i64, u64, i64n, u64n } = scalars;
  return { i8, u8, i16, u16, i32, u32, i64, u64, i64n, u64n };
}

function fresh() {
  const buffer = new ArrayBuffer(layout.size);
  return { view: createView(layout, buffer, 0), buffer, bytes: new Uint8Array(buffer) };
}

const RANGES = Object.keys(INTEGER_FIELDS()).map((name) => {
  const bits = Number(/\d+/.exec(name)![0]);
  const signed = name.startsWith('i');
  const big = name === 'i64' || name === 'u64';
  return { name: name as 'u32', bits, signed, big };
});

describe.each(RANGES)('atomics on $name', ({ name, bits, signed, big }) => {
  // Numbers stay where they are exact: rounding is the business of struct-view.test.ts.
  const limit = big ? BigInt(bits) : BigInt(Math.min(bits, 53));
  const word = fc.bigInt({
    min: signed ? -(2n ** (limit - 1n)) : 0n,
    max: 2n ** (signed ? limit - 1n : limit) - 1n,
  });
  const wrap = (value: bigint) =>
    signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  const own = (value: bigint) => (big ? value : Number(value)) as number;

  const operations = {
    add: (a: bigint, b: bigint) => a + b,
    sub: (a: bigint, b: bigint) => a - b,
    and: (a: bigint, b: bigint) => a & b,
    or: (a: bigint, b: bigint) => a | b,
    xor: (a: bigint, b: bigint) => a ^ b,
    exchange: (_: bigint, b: bigint) => b,
  };

  test.each(Object.entries(operations))(
    '%s returns the old value and leaves the new',
    (operation, model) => {
      fc.assert(
        fc.property(word, word, (a, b) => {
          const { view } = fresh();
          expect(atomics.store(view, name, own(a))).toBe(own(a));
          expect(atomics[operation as 'add'](view, name, own(b))).toBe(own(a));
          expect(atomics.load(view, name)).toBe(own(wrap(model(a, b))));
          expect(view[name]).toBe(own(wrap(model(a, b))));
        }),
      );
    },
  );

  test('compareExchange stores only what it was promised', () => {
    fc.assert(
      fc.property(word, word, word, (a, expected, b) => {
        const { view } = fresh();
        view[name] = own(a);
        expect(atomics.compareExchange(view, name, own(expected), own(b))).toBe(own(a));
        expect(view[name]).toBe(own(a === expected ? b : a));
        expect(atomics.compareExchange(view, name, view[name], own(a))).toBe(
          own(a === expected ? b : a),
        );
        expect(view[name]).toBe(own(a));
      }),
    );
  });

  test('values are checked before anything is written', () => {
    const { view, bytes } = fresh();
    const bad: unknown[] = [
      '1',
      null,
      undefined,
      big ? 0.5 : 1n,
      big ? 2n ** 64n : 2 ** 64,
      big ? -(2n ** 63n) - 1n : 0.5,
      NaN,
    ];
    for (const value of bad) {
      const code = expect.objectContaining({
        code: expect.stringMatching(/^ERR_SCHEDHINT_FIELD_(TYPE|RANGE)$/),
      });
      for (const operation of ['store', 'add', 'exchange'] as const) {
        expect(() => atomics[operation](view, name, value as number)).toThrow(code);
      }
      expect(() => atomics.compareExchange(view, name, own(0n), value as number)).toThrow(code);
      expect(() => atomics.compareExchange(view, name, value as number, own(1n))).toThrow(code);
    }
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

test('fields that Atomics cannot have, and names that are none, are refused', () => {
  const { view } = fresh();
  for (const name of ['single', 'twice', 'list', 'nested']) {
    expect(() => atomics.load(view, name as 'u32')).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
    );
  }
  for (const name of ['none', 'constructor', '__proto__', '', 5, undefined]) {
    expect(() => atomics.add(view, name as 'u32', 1)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_FIELD_UNKNOWN' }),
    );
  }
  expect(() => atomics.load({ u32: 1 }, 'u32')).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
  expect(() => atomics.load(view.list as unknown as typeof view, 'u32')).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
});

test('atomics work on nested and on ordered views, and follow rebase', () => {
  const { view } = fresh();
  atomics.add(view.nested, 'a', 5);
  atomics.add(ordered(view).nested, 'a', 5);
  expect(view.nested.a).toBe(10);
  const other = new ArrayBuffer(layout.size);
  rebase(view, other, 0);
  expect(atomics.add(view.nested, 'a', 1)).toBe(0);
});

test('ordered is one object for each view', () => {
  const { view } = fresh();
  expect(ordered(view)).toBe(ordered(view));
  expect(ordered(ordered(view))).toBe(ordered(view));
  expect(ordered(view)).not.toBe(view);
  expect(ordered(view).nested).toBe(ordered(view.nested));
  expect(() => ordered({})).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }));
});

test('additions of two threads are all counted', async () => {
  const shared = new SharedArrayBuffer(16);
  const view = createView(struct('c', { a: u32, b: u64n }), shared, 0);
  const source = `const w = new Int32Array(require('worker_threads').workerData);
    for (let i = 0; i < 100000; i++) Atomics.add(w, 0, 1);`;
  const worker = new Worker(source, { eval: true, workerData: shared });
  const exit = once(worker, 'exit');
  for (let i = 0; i < 100_000; i++) atomics.add(view, 'a', 1);
  await exit;
  expect(view.a).toBe(200_000);
});

test('an ordered store is seen after those before it', async () => {
  const pair = struct('pair', { a: u64n, b: i64n, stop: u64 });
  const shared = new SharedArrayBuffer(pair.size);
  const view = ordered(createView(pair, shared, 0));
  const source = `const { workerData, parentPort } = require('worker_threads');
    const w = new BigInt64Array(workerData);
    let wrong = 0;
    parentPort.postMessage('up');
    while (Atomics.load(w, 2) === 0n) { const b = Atomics.load(w, 1); if (Atomics.load(w, 0) < b) wrong++; }
    parentPort.postMessage(wrong);`;
  const worker = new Worker(source, { eval: true, workerData: shared });
  await once(worker, 'message');
  const answer = once(worker, 'message');
  for (let i = 1; i < 100_000; i++) {
    view.a = i;
    view.b = i;
  }
  view.stop = 1n;
  expect(await answer).toEqual([0]);
});
