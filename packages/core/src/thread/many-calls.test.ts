import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { type Counts, loadAddon } from '@schedhint/native';
import { expect, test } from 'vitest';
import { layered } from '../channel/layered.js';
import { uptr } from '../channel/uptr.js';
import { i32 } from '../layout/scalars.js';
import { struct } from '../layout/struct.js';
import { attachThread } from './joint-attach.js';
import { threadOf } from './worker-blocks.js';
import { hintsOf } from './worker-thread.js';

// What an app may call for each request. The bound is a leak of one byte a call; where a call costs
// more there are fewer, and it is one of 50 bytes, which no object is smaller than by much. test/soak
// has the long run.

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');
const map = '/nonexistent/many-calls';
const MOST_BYTES = 2e6; // V8's own tables vary by hundreds of KB; a handle that leaked in each of 20,000 calls would be more
const loaded = loadAddon();

function counts(): Omit<Counts, 'blocksQuarantined' | 'blocksFree' | 'pages'> | null {
  if (!('addon' in loaded)) return null;
  const { blocksQuarantined: _, blocksFree: __, pages: ___, ...held } = loaded.addon.counts();
  return held;
}

async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await turn();
    gc();
  }
  return process.memoryUsage().heapUsed;
}

/** Calls it some times to warm up, and then so often; holds nothing more afterwards. */
async function leavesNothing(times: number, call: (i: number) => unknown): Promise<void> {
  // In turns, as requests come: what a WeakRef was made for lives until the turn ends.
  const callTimes = async (n: number) => {
    for (let i = 0; i < n; i++) {
      call(i);
      if (i % 1000 === 0) await turn();
    }
  };
  // V8's weak tables keep the largest size that they have had.
  await callTimes(Math.min(times, 20_000));
  const [before, held] = [await heap(), counts()];
  await callTimes(times);
  // Finalizers run when V8 finds time for them. A leak stays.
  for (let tries = 0; tries < 20; tries++) {
    if ((await heap()) - before < MOST_BYTES && isDeepStrictEqual(counts(), held)) return;
  }
  expect(counts()).toEqual(held);
  expect((await heap()) - before).toBeLessThan(MOST_BYTES);
}

test('attachThread(), a million times', async () => {
  await leavesNothing(1e6, (i) => {
    attachThread({ map }).hints.urgency = i % 1024;
  });
});

test('attachThread() in several channels', async () => {
  const channels = [uptr({ map }), layered({ map: `${map}-layered` })] as const;
  await leavesNothing(1e6, () => attachThread({ channels }).hints);
});

test('a listener that comes and goes', async () => {
  await leavesNothing(1e6, () => {
    const listener = () => {};
    attachThread({ map }).onStatus(listener).stop();
  });
});

test('views, and channels that are made again', async () => {
  const data = struct('data', { inner: struct('inner', { a: i32 }) });
  await leavesNothing(20_000, (i) => {
    const channel = uptr({ map: `${map}-own`, value: { data } });
    attachThread({ channel }).blocks.data.inner.a = i;
  });
});

test('scoped handles', async () => {
  await leavesNothing(20_000, (i) => {
    const thread = attachThread({ map, scoped: true });
    thread.blocks.thread.slice_us = i;
    thread.stop();
  });
});

test('hintsOf(worker), a hundred thousand times', async () => {
  const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
  await once(worker, 'online');
  const hints = hintsOf(worker, { map });
  await leavesNothing(100_000, () => {
    hintsOf(worker, { map }).urgency = 5;
  });
  expect(hintsOf(worker, { map })).toBe(hints);
  expect(threadOf(worker, { map }).hints).toBe(hints);
  expect(worker.listenerCount('exit')).toBeLessThan(5);
  await worker.terminate();
  expect(threadOf(worker, { map }).status).toMatchObject({ code: 'ERR_SCHEDHINT_THREAD_ENDED' });
});
