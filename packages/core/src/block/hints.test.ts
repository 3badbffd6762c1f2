import { once } from 'node:events';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { LayeredHints } from '../channel/layered-hints.js';
import { TldHints } from '../channel/tld-hints.js';
import { JointHints } from '../thread/joint-hints.js';
import { createView } from '../view/struct-view.js';
import { BlockWords } from './block-arrays.js';
import { BlockHints } from './block-hints.js';
import { HINT_KEYS, type HintValues } from './hints.js';
import { threadLayout } from './standard-layouts.js';
import { HintBit } from './standard-values.js';

function block(buffer: ArrayBuffer | SharedArrayBuffer = new ArrayBuffer(512), offset = 256) {
  const view = createView(threadLayout, buffer, offset);
  return {
    hints: new BlockHints(new BlockWords(buffer, offset)),
    view,
    buffer,
    bytes: new Uint8Array(buffer),
  };
}

const { setImmediate: realImmediate } = globalThis;
/** A later turn of the event loop, after the immediates of this one: a timer alone may come before them. */
const turn = () => new Promise((resolve) => setTimeout(() => realImmediate(resolve), 2));
const U64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const number64 = U64.map(Number).filter((v) => v < 2 ** 64);
const groups: fc.Arbitrary<HintValues> = fc.record(
  {
    urgency: fc.integer({ min: 0, max: 1024 }),
    batch: fc.boolean(),
    sliceUs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    deadlineNs: fc.oneof(U64, number64),
    user: fc.oneof(U64, number64),
    phase: fc.constantFrom('none', 'starting', 'serving', 'draining'),
  },
  { requiredKeys: [] },
);

const BAD: [keyof HintValues, unknown, string][] = [
  ...[1025, -1, 0.5, NaN, Infinity].map(
    (v) => ['urgency', v, 'ERR_SCHEDHINT_FIELD_RANGE'] as const,
  ),
  ...['1', '', 'High', 'none', 'toString'].map(
    (v) => ['urgency', v, 'ERR_SCHEDHINT_FIELD_RANGE'] as const,
  ),
  ...[1n, null, undefined, true].map((v) => ['urgency', v, 'ERR_SCHEDHINT_FIELD_TYPE'] as const),
  ...[2 ** 32, -1, 0.5].map((v) => ['sliceUs', v, 'ERR_SCHEDHINT_FIELD_RANGE'] as const),
  ['sliceUs', '1', 'ERR_SCHEDHINT_FIELD_TYPE'],
  ...[1, 0, 'true', null, undefined].map((v) => ['batch', v, 'ERR_SCHEDHINT_FIELD_TYPE'] as const),
  ...(['deadlineNs', 'user'] as const).flatMap((key) => [
    ...[-1, 2 ** 64, 0.5, NaN, -1n, 2n ** 64n].map(
      (v) => [key, v, 'ERR_SCHEDHINT_FIELD_RANGE'] as const,
    ),
    ...['1', null, undefined, {}].map((v) => [key, v, 'ERR_SCHEDHINT_FIELD_TYPE'] as const),
  ]),
  ...['', 'Serving', 'constructor', 'toString'].map(
    (v) => ['phase', v, 'ERR_SCHEDHINT_FIELD_RANGE'] as const,
  ),
  ...[2, undefined, null].map((v) => ['phase', v, 'ERR_SCHEDHINT_FIELD_TYPE'] as const),
].map(([key, value, code]) => [key as keyof HintValues, value, code as string]);

describe('assignment', () => {
  test('stores each hint in its field and in no other', () => {
    fc.assert(
      fc.property(groups, (group) => {
        const one = block();
        const whole = block();
        Object.assign(one.hints, group);
        whole.hints.set(group);
        for (const { hints, view } of [one, whole]) {
          expect(view.urgency).toBe(group.urgency ?? 0);
          expect(view.hints).toBe(group.batch ? HintBit.batch : 0);
          expect(hints.batch).toBe(group.batch ?? false);
          expect(view.slice_us).toBe(group.sliceUs ?? 0);
          expect(view.deadline_ns).toBe(BigInt(group.deadlineNs ?? 0));
          expect(view.user).toBe(BigInt(group.user ?? 0));
          expect(hints.deadlineNs).toBe(view.deadline_ns);
          expect(hints.user).toBe(view.user);
          expect([hints.urgency, hints.sliceUs]).toEqual([view.urgency, view.slice_us]);
          expect(hints.phase).toBe(group.phase ?? 'none');
          expect(view.seq % 2).toBe(0);
        }
        // Assignments touch no seq; a group moves it by one bracket. All else is equal.
        expect(one.view.seq).toBe(0);
        const bracketed = Object.keys(group).some((key) => key !== 'phase');
        expect(whole.view.seq).toBe(bracketed ? 2 : 0);
        whole.view.seq = 0;
        expect(whole.bytes).toEqual(one.bytes);
      }),
    );
  });

  test.each(BAD)('%s = %s throws and stores nothing', (key, value, code) => {
    const { hints, bytes } = block();
    const error = expect.objectContaining({
      name: code === 'ERR_SCHEDHINT_FIELD_TYPE' ? 'TypeError' : 'RangeError',
      code,
    });
    expect(() => {
      (hints as unknown as Record<string, unknown>)[key] = value;
    }).toThrow(error);
    // In a group undefined leaves the hint as it is, and null takes it back.
    if (value != null) {
      const group = { urgency: 5, sliceUs: 6, phase: 'serving', [key]: value } as HintValues;
      expect(() => hints.set(group)).toThrow(error);
    }
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('a phase without a name reads as none, and messages name the field', () => {
    const { hints, view } = block();
    view.phase = 99;
    expect(hints.phase).toBe('none');
    expect(() => {
      hints.urgency = 2000;
    }).toThrow(
      "urgency: expected 'low', 'normal', 'high', 'critical' or an integer 0..1024, got 2000",
    );
  });
});

describe('set', () => {
  test('undefined leaves each hint as it is, in every kind of hints', () => {
    const blocks = [block().hints, block().hints];
    const values = new BlockHints(new BlockWords(new ArrayBuffer(threadLayout.size)));
    const published: number[] = [];
    const mapping = { gc: null, urgency: (urgency: number) => urgency };
    const mapped = new LayeredHints(values, mapping, (hint) => published.push(hint));
    const local = new TldHints(new ArrayBuffer(64), 0, { layout: null, hints: {}, gc: {} });
    for (const hints of [block().hints, new JointHints(blocks), mapped, local]) {
      const before = {
        urgency: 5,
        batch: true,
        sliceUs: 6,
        deadlineNs: 7n,
        user: 8n,
        phase: 'serving',
      } as const;
      hints.set(before);
      for (const key of HINT_KEYS) hints.set({ [key]: undefined });
      hints.set({ urgency: undefined, sliceUs: 9, user: undefined });
      const { urgency, batch, sliceUs, deadlineNs, user, phase } = hints;
      expect({ urgency, batch, sliceUs, deadlineNs, user, phase }).toEqual({
        ...before,
        sliceUs: 9,
      });
    }
    expect(published).toEqual([5]);
  });

  test('refuses keys that are no hints, before writing', () => {
    const { hints, bytes } = block();
    for (const key of ['urgencey', 'seq', 'constructor', 'set']) {
      expect(() => hints.set({ urgency: 1, [key]: 1 } as HintValues)).toThrow(
        expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
      );
    }
    for (const group of [undefined, null, 5, 'x']) {
      expect(() => hints.set(group as never)).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }),
      );
    }
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('seq is odd at each store of the group, and even before and after', () => {
    const { hints, view } = block();
    const store = vi.spyOn(Atomics, 'store');
    const seen: number[] = [];
    store.mockImplementation(((words: Uint32Array, index: number, value: number) => {
      seen.push(view.seq);
      Atomics.exchange(words, index, value);
      return value;
    }) as never);
    try {
      hints.set({
        ...{ urgency: 1, batch: true, sliceUs: 2, deadlineNs: 3, user: 4 },
        phase: 'serving',
      });
    } finally {
      store.mockRestore();
    }
    // phase, the five, seq
    expect(seen).toEqual([0, 1, 1, 1, 1, 1, 1]);
    expect([view.seq, view.urgency, view.slice_us, view.deadline_ns, view.user]).toEqual([
      2,
      1,
      2,
      3n,
      4n,
    ]);
  });

  test('a writer that enters first is noticed', () => {
    const { hints, view } = block();
    const compareExchange = vi.spyOn(Atomics, 'compareExchange').mockImplementation((() => {
      // Between our look at seq and our exchange the other writer went in.
      view.seq = 1;
      return 1;
    }) as never);
    try {
      hints.set({ urgency: 1 });
    } finally {
      compareExchange.mockRestore();
    }
    expect([view.urgency, view.seq]).toEqual([0, 1]);
    BlockHints.move(hints, new ArrayBuffer(256), 0);
  });

  test('seq wraps around', () => {
    const { hints, view } = block();
    view.seq = 0xffff_fffe;
    hints.set({ urgency: 1 });
    expect([view.seq, view.urgency]).toEqual([0, 1]);
  });

  test('reset takes everything back', () => {
    const { hints, view, bytes } = block();
    hints.set({
      ...{ urgency: 1, batch: true, sliceUs: 2, deadlineNs: 3, user: 4 },
      phase: 'draining',
    });
    hints.reset();
    view.seq = 0;
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test('while the other writer is inside, groups are kept, merged and written afterwards', async () => {
    const { hints, view } = block();
    view.seq = 7;
    hints.set({ urgency: 1, user: 1, sliceUs: 1, phase: 'serving' });
    hints.set({ deadlineNs: 2, user: 2 });
    hints.sliceUs = 50;
    await turn();
    expect([view.urgency, view.deadline_ns, view.user, view.seq]).toEqual([0, 0n, 0n, 7]);
    expect([hints.phase, hints.sliceUs]).toEqual(['serving', 50]);
    view.seq = 8;
    await turn();
    expect([view.urgency, view.deadline_ns, view.user, view.slice_us, view.seq]).toEqual([
      1,
      2n,
      2n,
      50,
      10,
    ]);
    await turn();
    expect(view.seq).toBe(10);
  });

  test("a test's fake timers do not hold a pending group back", async () => {
    const { hints, view } = block();
    vi.useFakeTimers({ toFake: ['setImmediate'] });
    try {
      view.seq = 1;
      hints.set({ urgency: 1 });
      view.seq = 2;
      await turn();
      expect(vi.getTimerCount()).toBe(0);
      expect(view.urgency).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a bracket left open for ever hangs nothing, and stopping the handle ends it', async () => {
    const { hints, view, buffer, bytes } = block();
    view.seq = 1;
    hints.set({ urgency: 9 });
    await turn();
    const before = bytes.slice();
    const copy = buffer.slice(0) as ArrayBuffer;
    BlockHints.move(hints, copy, 256);
    const copied = createView(threadLayout, copy, 256);
    expect([hints.urgency, copied.urgency, copied.seq % 2]).toEqual([9, 9, 0]);
    hints.set({ urgency: 10, user: 1n });
    hints.sliceUs = 5;
    view.seq = 2;
    await turn();
    expect([hints.urgency, hints.user, copied.slice_us]).toEqual([10, 1n, 5]);
    view.seq = 1;
    expect(bytes).toEqual(before);
  });

  test('a pending group keeps no process alive', async () => {
    // In a worker: it ends without help, although its group can never be written.
    const source = `require('worker_threads'); const retry = () => setImmediate(retry).unref(); retry();`;
    await once(new Worker(source, { eval: true }), 'exit');
    const { hints, view } = block();
    view.seq = 1;
    const refs = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Immediate').length;
    const before = refs();
    hints.set({ urgency: 1 });
    expect(refs()).toBe(before);
    BlockHints.move(hints, new ArrayBuffer(256), 0);
  });
});

const READER = `
  const { workerData, parentPort } = require('worker_threads');
  const u32 = new Uint32Array(workerData), u64 = new BigUint64Array(workerData);
  let mixed = 0, good = 0;
  parentPort.postMessage('up');
  while (Atomics.load(u32, 64) === 0) {
    const before = Atomics.load(u32, 1);
    if (before % 2 !== 0) continue;
    const urgency = Atomics.load(u32, 6), slice = Atomics.load(u32, 8);
    const deadline = Atomics.load(u64, 5), user = Atomics.load(u64, 8);
    if (Atomics.load(u32, 1) !== before) continue;
    if (good++ === 0) Atomics.store(u32, 65, 1);
    if (slice % 1024 !== urgency || deadline !== BigInt(slice) || user !== deadline * 4294967296n) mixed++;
  }
  parentPort.postMessage({ mixed, good });`;

/** A second writer that follows the protocol by hand. */
const WRITER = `
  const { workerData, parentPort } = require('worker_threads');
  const u32 = new Uint32Array(workerData), u64 = new BigUint64Array(workerData);
  parentPort.postMessage('up');
  for (let i = 1; Atomics.load(u32, 64) === 0; i++) {
    const seq = Atomics.load(u32, 1);
    if (seq % 2 !== 0 || Atomics.compareExchange(u32, 1, seq, seq + 1) !== seq) continue;
    Atomics.store(u32, 6, i % 1024); Atomics.store(u32, 8, i);
    Atomics.store(u64, 5, BigInt(i)); Atomics.store(u64, 8, BigInt(i) << 32n);
    Atomics.store(u32, 1, (seq + 2) >>> 0);
  }
  parentPort.postMessage({ mixed: 0, good: 1 });`;

test.each([
  ['one writer', [READER]],
  ['two writers', [READER, WRITER]],
])('a reader sees no mixed group: %s', async (_, sources) => {
  const shared = new SharedArrayBuffer(512);
  const { hints } = block(shared, 0);
  const workers = sources.map((source) => new Worker(source, { eval: true, workerData: shared }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = workers.map((worker) => once(worker, 'message'));
  const words = new Uint32Array(shared);
  // On a busy machine a reader may get to look only later.
  for (let i = 1; i < 60_000 || Atomics.load(words, 65) === 0; i++) {
    const value = 1 + (i % 60_000);
    hints.set({ urgency: value % 1024, sliceUs: value, deadlineNs: value, user: value * 2 ** 32 });
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(words, 64, 1);
  for (const answer of answers) {
    const [{ mixed, good }] = await answer;
    expect(mixed).toBe(0);
    expect(good).toBeGreaterThan(0);
  }
});

test('JSON and console.log show the hints', () => {
  const { hints } = block();
  hints.set({ urgency: 3, deadlineNs: 2n ** 60n });
  const json = {
    urgency: 3,
    batch: false,
    sliceUs: 0,
    deadlineNs: '1152921504606846976',
    user: '0',
    phase: 'none',
  };
  expect(JSON.parse(JSON.stringify(hints))).toEqual(json);
  expect(inspect(hints)).toMatch(/^Hints \{\s+urgency: 3,/);
});
