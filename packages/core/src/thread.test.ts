import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { loadAddon } from '@schedhint/native';
import { afterEach, describe, expect, test } from 'vitest';
import { struct } from './layout.js';
import { i32 } from './scalars.js';
import { ABI, Role } from './standard.js';
import { attachThread, publishCollections } from './thread.js';
import { uptr } from './uptr.js';
import { hintsOf, threadOf } from './worker-thread.js';

// Without a kernel that takes part: test/kernel has the rest.

const NO_MAP = '/nonexistent/schedhint';
const loaded = loadAddon();
if (!('addon' in loaded)) console.warn(`skipped: what needs the addon: ${loaded.reason}`);
const held = () => {
  if (!('addon' in loaded)) return null;
  const { blocksQuarantined: _, blocksFree: __, pages: ___, ...counts } = loaded.addon.counts();
  return counts;
};
const NOTHING =
  'addon' in loaded ? { threads: 0, bindings: 0, bound: 0, mapsOpen: 0, blocksUsed: 0 } : null;

afterEach(() => {
  expect(held()).toEqual(NOTHING);
});

describe('attachThread', () => {
  test('without a map: the same calls, and a status that says why nobody reads', () => {
    const thread = attachThread({ map: NO_MAP });
    thread.hints.urgency = 900;
    thread.hints.set({ deadlineNs: 5n, user: 6 });
    expect(thread.hints.toJSON()).toMatchObject({ urgency: 900, deadlineNs: '5', user: '6' });
    expect(thread.feedback.readerAbi).toBe(0);
    expect(thread.status).toMatchObject({ state: expect.stringMatching(/waiting|unavailable/) });
    expect(thread.status).toHaveProperty('reason', expect.stringMatching(/\w/));
    expect(thread.blocks.thread.abi).toBe(ABI);
    expect(thread.blocks.thread.role).toBe(Role.main);
    expect(thread.blocks.process.abi).toBe(ABI);
    thread.detach();
  });

  test('the same key gives the same block, another map another', () => {
    const first = attachThread({ map: NO_MAP });
    const second = attachThread({ map: NO_MAP });
    const elsewhere = attachThread({ map: `${NO_MAP}-2` });
    first.hints.urgency = 3;
    expect(second.hints.urgency).toBe(3);
    expect(elsewhere.hints.urgency).toBe(0);
    expect(first).not.toBe(second);
    for (const thread of [first, second, elsewhere]) thread.detach();
  });

  test('handles are counted: the others stay attached', () => {
    const [first, second] = [attachThread({ map: NO_MAP }), attachThread({ map: NO_MAP })];
    first.detach();
    first.detach(); // does nothing
    expect(first.status).toMatchObject({ state: 'unavailable', code: 'ERR_DETACHED' });
    expect(second.status).not.toMatchObject({ code: 'ERR_DETACHED' });
    second.hints.urgency = 8;
    const third = attachThread({ map: NO_MAP });
    expect(third.hints.urgency).toBe(8);
    second.detach();
    third.detach();
  });

  test('after detach every view lives on with the last values, and reaches nobody', () => {
    const [gone, stays] = [attachThread({ map: NO_MAP }), attachThread({ map: NO_MAP })];
    const { hints, blocks, feedback, gc } = gone;
    hints.set({ urgency: 10, deadlineNs: 2n ** 63n, user: 12 });
    gone.detach();
    expect(hints.toJSON()).toMatchObject({
      urgency: 10,
      deadlineNs: String(2n ** 63n),
      user: '12',
    });
    expect(blocks.thread.urgency).toBe(10);
    expect(feedback.readerAbi).toBe(0);
    expect(gc.count).toBe(blocks.thread.gc_count);
    hints.urgency = 11;
    hints.set({ user: 13 });
    blocks.thread.slice_us = 14;
    expect(gone.hints).toBe(hints);
    expect([gone.hints.urgency, gone.hints.user, gone.blocks.thread.slice_us]).toEqual([
      11,
      13n,
      14,
    ]);
    expect(stays.hints.toJSON()).toMatchObject({ urgency: 10, user: '12', sliceUs: 0 });
    expect(gone.tid).toBe(0);
    stays.detach();
  });

  test('a view that is first asked for after detach has the last values too', () => {
    const thread = attachThread({ map: NO_MAP });
    const other = attachThread({ map: NO_MAP });
    other.hints.urgency = 21;
    thread.detach();
    other.hints.urgency = 22;
    expect(thread.hints.urgency).toBe(21);
    expect(thread.blocks.thread.urgency).toBe(21);
    other.detach();
  });

  test('a new attach after the last detach starts from nothing', () => {
    const first = attachThread({ map: NO_MAP });
    first.hints.urgency = 31;
    first.detach();
    const second = attachThread({ map: NO_MAP });
    expect(second.hints.urgency).toBe(0);
    second.detach();
  });

  test('Symbol.dispose detaches', () => {
    const thread = attachThread({ map: NO_MAP });
    thread[Symbol.dispose]();
    expect(thread.status).toMatchObject({ code: 'ERR_DETACHED' });
  });

  test("a scheduler's own struct: blocks by the value's names, and no hints", () => {
    const userData = struct('user_data', { a: i32, b: i32, result: i32 });
    const channel = uptr({ map: NO_MAP, value: { udata: userData, nested: { udata: userData } } });
    const thread = attachThread({ channel });
    thread.blocks.udata.a = -1;
    thread.blocks.nested.udata.a = -2;
    expect([thread.blocks.udata.a, thread.blocks.nested.udata.a]).toEqual([-1, -2]);
    for (const name of ['hints', 'feedback', 'gc']) expect(thread).toHaveProperty(name, undefined);
    thread.detach();
    expect(thread.blocks.nested.udata.a).toBe(-2);
  });

  test.each([
    [null],
    [5],
    [{ map: 5 }],
    [{ map: '' }],
    [{ map: 'with\0zero' }],
    [{ channel: {} }],
    [{ channel: null }],
    [{ map: NO_MAP, channel: uptr({ map: NO_MAP }) }],
  ])('refuses %j', (options) => {
    expect(() => attachThread(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION' }),
    );
  });

  test.runIf('addon' in loaded)('the tid is the one of the kernel', () => {
    const thread = attachThread({ map: NO_MAP });
    expect(thread.tid).toBe(process.pid);
    thread.detach();
  });
});

describe('threadOf', () => {
  test('no more than a handle until the worker attaches; gone with the worker', async () => {
    const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
    await once(worker, 'online');
    const hints = hintsOf(worker, { map: NO_MAP });
    hints.urgency = 4;
    const thread = threadOf(worker, { map: NO_MAP });
    expect(thread.hints).toBe(hints);
    expect(thread.status.state).not.toBe('bound');
    await worker.terminate();
    expect(thread.status).toMatchObject({ code: 'ERR_DETACHED' });
    expect(hints.urgency).toBe(4);
    // It has exited already: detached from the start.
    expect(threadOf(worker, { map: `${NO_MAP}-2` }).status).toMatchObject({ code: 'ERR_DETACHED' });
  });

  test.each([[undefined], [null], [{}], [{ threadId: 3 }]])('refuses %j', (worker) => {
    expect(() => threadOf(worker as never)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('publishCollections', () => {
  const gc = collector();

  test.runIf('addon' in loaded)('counts what V8 collects, live, until it is stopped', () => {
    const thread = attachThread({ map: NO_MAP });
    const stop = publishCollections(thread)!;
    expect(thread.gc.source).toBe('live');
    gc();
    expect(thread.gc.count).toBeGreaterThan(0);
    const { count } = thread.gc;
    stop();
    stop(); // once
    gc();
    expect(thread.gc.count).toBe(count);
    expect(thread.gc.source).toBe('none');
    thread.detach();
  });

  test.runIf('addon' in loaded)('keeps the blocks it writes to when the handle is detached', () => {
    const before = held();
    const thread = attachThread({ map: NO_MAP });
    const stop = publishCollections(thread)!;
    thread.detach();
    const watcher = attachThread({ map: NO_MAP });
    const { count } = watcher.gc;
    gc();
    expect(watcher.gc.count).toBeGreaterThan(count); // it is still the hook's block
    watcher.detach();
    expect(held()).not.toEqual(before);
    stop();
    expect(held()).toEqual(before);
  });

  test('is refused on a handle that was detached', () => {
    const thread = attachThread({ map: NO_MAP });
    thread.detach();
    expect(publishCollections(thread)).toBeNull();
  });
});

/** V8's own `gc()`. */
function collector(): () => void {
  const require = createRequire(import.meta.url);
  require('node:v8').setFlagsFromString('--expose-gc');
  return require('node:vm').runInNewContext('gc');
}
