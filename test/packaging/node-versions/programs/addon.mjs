// What the addon does, checked in one Node.js without a test runner: exits with 0 if all of it holds.
// Argument: the path of a pinned map of standard blocks, or of none (then nothing is bound).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads';
import { attachThread, threadOf } from '@schedhint/core';
import { loadAddon } from '@schedhint/native';
import { startGcHints } from 'schedhint';
import { uptr } from 'schedhint/channels';

const map = workerData?.map ?? process.argv[2];
const { addon } = loadAddon();
const { request } = uptr({ map });
const GC = 8 / 4; // index of schedhint_thread.gc
const GC_THREADS = 4 / 4; // of schedhint_process.gc_threads

/** Fills the heap until so many collections have been counted. */
async function collectUntil(gc, count) {
  const survivors = [];
  while (gc.count < count) {
    for (let i = 0; i < 10_000; i++) survivors.push({ i, list: [i] });
    if (survivors.length > 200_000) survivors.length = 0;
    await turn();
  }
}

/** Samples a thread's gc word, and its process's count, from its own thread. */
async function sampleFrom({ of, shared }) {
  const places = new Float64Array(5);
  const handle = addon.attach(request, of, false, places);
  const [block, process] = [0, 1].map(
    (slot) => new Uint32Array(addon.page(places[2 * slot]), places[2 * slot + 1], 16),
  );
  const seen = new Int32Array(shared); // [stop, looks, in a pause, in a pause and counted, kinds]
  while (Atomics.load(seen, 0) === 0) {
    for (let i = 0; i < 1000; i++) {
      const gc = Atomics.load(block, GC) & 0xff; // the pauses
      seen[1]++;
      if (gc === 0) continue;
      seen[2]++;
      seen[4] |= gc;
      if (Atomics.load(process, GC_THREADS) > 0) seen[3]++;
    }
  }
  addon.release(handle);
}

/** Reads the types behind the map, and those of a path that does not exist. */
function checkMapBtf() {
  const { call, errno } = addon.readMapBtf('/nonexistent');
  assert.deepEqual({ call, errno }, { call: 'BPF_OBJ_GET', errno: 2 });
  if (process.argv[2] === undefined) return;
  const { btf, mapName, ...rest } = addon.readMapBtf(map);
  assert.equal(rest.errno, 0, JSON.stringify(rest));
  assert.equal(mapName, 'schedhint');
  assert.ok(rest.mapId > 0 && rest.valueType > 0);
  assert.deepEqual([...btf.subarray(0, 2)], [0x9f, 0xeb]); // BTF_MAGIC, little endian
}

/** Collects in this thread while another one samples it. */
async function checkThread() {
  checkMapBtf();
  const hints = startGcHints({ map });
  const { thread } = hints;
  assert.equal(hints.source, 'v8');
  assert.equal(thread.gc.source, 'live');
  if (process.argv[2] !== undefined)
    assert.equal(thread.status.state, 'bound', inspect(thread.status));
  assert.equal(thread.blocks.thread.role, isMainThread ? 1 : 2);
  thread.hints.set({ urgency: 900, deadlineNs: 2n ** 60n, user: 7 });
  assert.equal(thread.hints.urgency, 900);
  assert.equal(thread.hints.deadlineNs, 2n ** 60n);

  const shared = new SharedArrayBuffer(32);
  const seen = new Int32Array(shared);
  const sampler = new Worker(new URL(import.meta.url), {
    workerData: { map, of: threadId, shared },
    argv: process.argv.slice(2),
  });
  const ended = once(sampler, 'exit');
  await once(sampler, 'online');
  for (let goal = 50; seen[2] === 0 || seen[3] === 0; goal += 50)
    await collectUntil(thread.gc, goal);
  Atomics.store(seen, 0, 1);
  await ended;
  assert.equal(seen[4] & ~7, 0);
  assert.equal(thread.gc.pauses, 0);
  assert.ok(thread.gc.expectUs > 1 && thread.gc.expectUs < 60_000_000, String(thread.gc.expectUs));
  assert.ok(thread.gc.sinceNs > 0n);
  hints.stop();
  assert.equal(hints.thread.status.code, 'ERR_SCHEDHINT_STOPPED');
}

/** What somebody has kept of a handle that was stopped writes to its own memory, not to the block. */
function checkStopped() {
  const [thread, other] = [
    attachThread({ map, scoped: true }),
    attachThread({ map, scoped: true }),
  ];
  const { hints, blocks, feedback } = thread;
  hints.urgency = 5;
  assert.equal(other.hints.urgency, 5);
  thread.stop();
  hints.urgency = 6;
  blocks.thread.user = 7n;
  assert.deepEqual([hints.urgency, blocks.thread.user, feedback.onCpuNs >= 0n], [6, 7n, true]);
  assert.deepEqual([other.hints.urgency, other.hints.user], [5, 0n]);
  other.stop();
}

if (workerData?.shared !== undefined) {
  await sampleFrom(workerData);
} else if (!isMainThread) {
  await checkThread();
} else {
  await checkThread();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { map },
    argv: process.argv.slice(2),
  });
  threadOf(worker, { map }).hints.phase = 'serving';
  const [code] = await once(worker, 'exit');
  assert.equal(code, 0);
  assert.equal(threadOf(worker, { map }).hints.phase, 'serving');
  const { blocksQuarantined, blocksFree, pages, ...held } = addon.counts();
  assert.deepEqual(held, { threads: 0, bindings: 0, bound: 0, mapsOpen: 0, blocksUsed: 0 });
  const places = new Float64Array(5);
  const handle = addon.attach(request, threadId, true, places);
  assert.equal(addon.page(places[0]).byteLength, addon.pageSize);
  assert.ok(addon.store(handle, 0, 0, 4, 1));
  addon.release(handle);
  assert.ok(!addon.store(handle, 0, 0, 4, 2)); // a stale handle reaches nothing
  addon.release(handle);
  checkStopped();
  // Workers that use the addon alone, without the main thread: nodelete, or V8's last collection
  // would call code that is gone. One collector's thread per life.
  const names = readFileSync('/proc/self/maps', 'utf8');
  assert.match(names, /schedhint\.node/);
}
