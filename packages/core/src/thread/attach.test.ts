import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { loadAddon } from '@schedhint/native';
import { afterEach, describe, expect, test } from 'vitest';
import { ABI, Role } from '../block/standard-values.js';
import { uptr } from '../channel/uptr.js';
import { i32 } from '../layout/scalars.js';
import { struct } from '../layout/struct.js';
import { publishCollections } from './attach.js';
import { attachThread } from './joint-attach.js';
import { threadOf } from './worker-blocks.js';
import { hintsOf } from './worker-thread.js';

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
  test('without a map: the same calls, and a status that says why no reader sees them', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
    thread.hints.urgency = 900;
    thread.hints.set({ deadlineNs: 5n, user: 6 });
    expect(thread.hints.toJSON()).toMatchObject({ urgency: 900, deadlineNs: '5', user: '6' });
    expect(thread.feedback.readerAbi).toBe(0);
    expect(thread.status).toMatchObject({ state: expect.stringMatching(/waiting|unavailable/) });
    expect(thread.status).toHaveProperty('reason', expect.stringMatching(/\w/));
    expect(thread.blocks.thread.abi).toBe(ABI);
    expect(thread.blocks.thread.role).toBe(Role.main);
    expect(thread.blocks.process.abi).toBe(ABI);
    thread.stop();
  });

  test('the same map gives the same block, another map another', () => {
    const first = attachThread({ map: NO_MAP, scoped: true });
    const second = attachThread({ map: NO_MAP, scoped: true });
    const elsewhere = attachThread({ map: `${NO_MAP}-2`, scoped: true });
    first.hints.urgency = 3;
    expect(second.hints.urgency).toBe(3);
    expect(elsewhere.hints.urgency).toBe(0);
    expect(first).not.toBe(second);
    for (const thread of [first, second, elsewhere]) thread.stop();
  });

  test('scoped handles are counted: the others stay attached', () => {
    const [first, second] = [
      attachThread({ map: NO_MAP, scoped: true }),
      attachThread({ map: NO_MAP, scoped: true }),
    ];
    first.stop();
    first.stop(); // does nothing
    expect(first.status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_STOPPED' });
    expect(second.status).not.toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
    second.hints.urgency = 8;
    const third = attachThread({ map: NO_MAP, scoped: true });
    expect(third.hints.urgency).toBe(8);
    second.stop();
    third.stop();
  });

  test('after stop() every view lives on with the last values, and reaches no reader', () => {
    const [gone, stays] = [
      attachThread({ map: NO_MAP, scoped: true }),
      attachThread({ map: NO_MAP, scoped: true }),
    ];
    const { hints, blocks, feedback, gc } = gone;
    hints.set({ urgency: 10, deadlineNs: 2n ** 63n, user: 12 });
    gone.stop();
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
    stays.stop();
  });

  test('a view that is first asked for after stop() has the last values too', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
    const other = attachThread({ map: NO_MAP, scoped: true });
    other.hints.urgency = 21;
    thread.stop();
    other.hints.urgency = 22;
    expect(thread.hints.urgency).toBe(21);
    expect(thread.blocks.thread.urgency).toBe(21);
    other.stop();
  });

  test('a new attach after the last stop() starts from nothing', () => {
    const first = attachThread({ map: NO_MAP, scoped: true });
    first.hints.urgency = 31;
    first.stop();
    const second = attachThread({ map: NO_MAP, scoped: true });
    expect(second.hints.urgency).toBe(0);
    second.stop();
  });

  test('Symbol.dispose stops it', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
    thread[Symbol.dispose]();
    expect(thread.status).toMatchObject({ code: 'ERR_SCHEDHINT_STOPPED' });
  });

  test("a scheduler's own struct: blocks by the value's names, and no hints", () => {
    const userData = struct('user_data', { a: i32, b: i32, result: i32 });
    const channel = uptr({ map: NO_MAP, value: { udata: userData, nested: { udata: userData } } });
    const thread = attachThread({ channel, scoped: true });
    thread.blocks.udata.a = -1;
    thread.blocks.nested.udata.a = -2;
    expect([thread.blocks.udata.a, thread.blocks.nested.udata.a]).toEqual([-1, -2]);
    for (const name of ['hints', 'feedback', 'gc']) expect(thread).toHaveProperty(name, undefined);
    thread.stop();
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
    [{ scoped: 'yes' }],
    [{ scoped: null }],
    [{ map: NO_MAP, channel: uptr({ map: NO_MAP }) }],
  ])('refuses %j', (options) => {
    expect(() => attachThread(options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });

  test.runIf('addon' in loaded)('the tid is the one of the kernel', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
    expect(thread.tid).toBe(process.pid);
    thread.stop();
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
    expect(thread.status).toMatchObject({ code: 'ERR_SCHEDHINT_THREAD_ENDED' });
    expect(hints.urgency).toBe(4);
    // It has exited already: ended from the start.
    expect(threadOf(worker, { map: `${NO_MAP}-2` }).status).toMatchObject({
      code: 'ERR_SCHEDHINT_THREAD_ENDED',
    });
  });

  test.each([[undefined], [null], [{}], [{ threadId: 3 }]])('refuses %j', (worker) => {
    expect(() => threadOf(worker as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});

describe('publishCollections', () => {
  const gc = collector();

  test.runIf('addon' in loaded)('counts what V8 collects, live, until it is stopped', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
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
    thread.stop();
  });

  test.runIf('addon' in loaded)('keeps the blocks it writes to when the handle is stopped', () => {
    const before = held();
    const thread = attachThread({ map: NO_MAP, scoped: true });
    const stop = publishCollections(thread)!;
    thread.stop();
    const watcher = attachThread({ map: NO_MAP, scoped: true });
    const { count } = watcher.gc;
    gc();
    expect(watcher.gc.count).toBeGreaterThan(count); // it is still the hook's block
    watcher.stop();
    expect(held()).not.toEqual(before);
    stop();
    expect(held()).toEqual(before);
  });

  test('is refused on a handle that was stopped', () => {
    const thread = attachThread({ map: NO_MAP, scoped: true });
    thread.stop();
    expect(publishCollections(thread)).toBeNull();
  });
});

/** V8's own `gc()`. */
function collector(): () => void {
  const require = createRequire(import.meta.url);
  require('node:v8').setFlagsFromString('--expose-gc');
  return require('node:vm').runInNewContext('gc');
}
