import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { threadId } from 'node:worker_threads';
import { type Addon, type ChannelRequest, type GcRequest, loadAddon } from '@schedhint/native';
import { describe, expect, test } from 'vitest';
import { until } from '../rig/until.js';

const THREAD_BYTES = 256;
const PROCESS_BYTES = 128;
const NOWHERE = -1;

const request: ChannelRequest = {
  kind: 'uptr',
  map: '/nonexistent/map',
  broker: '',
  valueSize: 16,
  slots: [
    { offset: 0, size: THREAD_BYTES, owner: 'thread' },
    { offset: 8, size: PROCESS_BYTES, owner: 'process' },
  ],
  countSlot: 1,
  countOffset: 8,
};

const gcRequest: GcRequest = {
  wide: false,
  threadSlot: 0,
  gc: 8,
  count: 12,
  sinceNs: 16,
  expectUs: 48,
  flags: 88,
  liveFlag: 1,
  processSlot: 1,
  processCount: 4,
  hint: -1,
};

/** The addon with a handle of this thread's, and a view of its block. */
function attached(): { addon: Addon; handle: number; block: Uint32Array } {
  const loaded = loadAddon();
  if (!('addon' in loaded)) throw new Error(loaded.reason);
  const { addon } = loaded;
  const places = new Float64Array(5);
  const handle = addon.attach(request, threadId, true, places);
  const page = addon.page(places[0]!)!;
  return { addon, handle, block: new Uint32Array(page, places[1]!, THREAD_BYTES / 4) };
}

describe.runIf(process.platform === 'linux')('the addon', () => {
  test('stores within a block', () => {
    const { addon, handle, block } = attached();
    expect(addon.store(handle, 0, THREAD_BYTES - 4, 4, 7)).toBe(true);
    expect(addon.store(handle, 0, THREAD_BYTES - 8, 2, 0x1_0001)).toBe(true);
    expect([...block.slice(-2)]).toEqual([1, 7]);
    block.fill(0);
    addon.release(handle);
  });

  test.each([
    ['behind the block', 0, THREAD_BYTES, 4],
    ['half behind the block', 0, THREAD_BYTES - 2, 4],
    ['far behind the block', 0, 0xffff_fffc, 4],
    ['at no multiple of its size', 0, 1, 2],
    ['behind the block of the process', 1, PROCESS_BYTES, 2],
    ['in a slot that there is not', 2, 0, 4],
  ] as const)('stores nothing %s', (_, slot, offset, bytes) => {
    const { addon, handle } = attached();
    expect(addon.store(handle, slot, offset, bytes, 7)).toBe(false);
    addon.release(handle);
  });

  test('publishes collections in fields within the blocks', () => {
    const { addon, handle, block } = attached();
    expect(addon.startGcHook(handle, gcRequest)).toBe(true);
    expect(block[88 / 4]).toBe(1);
    addon.stopGcHook(handle);
    const nowhere = { gc: NOWHERE, count: NOWHERE, sinceNs: NOWHERE, expectUs: NOWHERE };
    expect(
      addon.startGcHook(handle, { ...gcRequest, ...nowhere, flags: NOWHERE, processSlot: -1 }),
    ).toBe(true);
    addon.release(handle);
  });

  test.each([
    { gc: THREAD_BYTES },
    { count: THREAD_BYTES - 2 },
    { flags: THREAD_BYTES + 65536 },
    { sinceNs: THREAD_BYTES - 4 },
    { expectUs: 14 },
    { processCount: PROCESS_BYTES },
    { threadSlot: 2 },
    { processSlot: 2 },
    { wide: true, flags: 92 },
  ])('publishes no collections in %j', (wrong) => {
    const { addon, handle, block } = attached();
    expect(addon.startGcHook(handle, { ...gcRequest, ...wrong })).toBe(false);
    expect(block.every((word) => word === 0)).toBe(true);
    addon.release(handle);
  });

  test('says how it stands with a handle', () => {
    const { addon, handle } = attached();
    expect(addon.status(handle)).toEqual({
      ...{ step: 1, errno: 2, mapId: 0, detail: 0, found: 0 },
      ...{ tid: expect.any(Number), viaBroker: false, boundNs: 0n },
    });
    expect(addon.counts()).toMatchObject({ threads: 1, bindings: 1, bound: 0, mapsOpen: 0 });
    addon.release(handle);
    expect(addon.counts()).toMatchObject({ threads: 0, bindings: 0, blocksUsed: 0 });
  });

  test('writes pauses of the collector where other threads can read them', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const { addon, handle } = attached();
    const [words, others] = [16, 24].map(
      (bytes) => new BigInt64Array(new SharedArrayBuffer(bytes)),
    );
    expect([words!, others!].map(addon.sharePauses)).toEqual([true, true]);
    expect(addon.sharePauses(new BigInt64Array(1))).toBe(false);
    let observedMs = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) observedMs += duration;
    });
    observer.observe({ entryTypes: ['gc'] });
    const before = performance.now();
    for (let i = 0; i < 5; i++) gc();
    const wallMs = performance.now() - before;
    const [totalNs, sinceNs] = words!;
    const totalMs = Number(totalNs) / 1e6;
    expect(sinceNs).toBe(0n);
    await until('the runtime has reported its collections', () => observedMs > 0);
    observer.disconnect();
    // The runtime's own hooks lie inside ours, or ours inside its.
    expect(totalMs).toBeGreaterThan(observedMs / 2);
    expect(totalMs).toBeLessThan(wallMs);
    addon.unsharePauses(words!);
    gc();
    expect(words![0]).toBe(totalNs);
    expect(others![0]).toBeGreaterThan(totalNs!);
    addon.unsharePauses(others!);
    addon.unsharePauses(others!);
    addon.release(handle);
  });
});
