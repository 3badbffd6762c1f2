// Worker lives that end at any moment: terminate() at random instants, collections under way or
// not, process.exit() of the worker's own, a thrown error, a proper end. Arguments: the map, the number
// of lives, and `exit` to end the whole process in the middle of them.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const AT_ONCE = 8;

if (isMainThread) {
  await parent();
} else {
  const { createRequire } = await import('node:module');
  const { startGcHints } = createRequire(import.meta.url)('schedhint');
  const { thread } = startGcHints({ map: workerData.map });
  const survivors = [];
  const end = performance.now() + workerData.livesMs;
  while (workerData.how === 'terminate' || performance.now() < end) {
    for (let i = 0; i < 5_000; i++) survivors.push({ i, list: [i] });
    thread.hints.set({ urgency: survivors.length % 1024, user: survivors.length });
    if (survivors.length > 50_000) survivors.length = 0;
  }
  if (workerData.how === 'exit') process.exit(3);
  if (workerData.how === 'throw') throw new Error('on purpose');
}

async function parent() {
  const [, , map, lives, ending] = process.argv;
  let left = Number(lives);
  // Nothing of ours is loaded here until the end: the last worker that goes unloads the addon.
  const exits = { exit: 3, throw: 1, end: 0 };
  const live = async () => {
    while (left-- > 0) {
      const how = ['terminate', 'terminate', 'terminate', 'exit', 'throw', 'end'][left % 6];
      const livesMs = Math.random() * 30;
      const worker = new Worker(new URL(import.meta.url), { workerData: { map, how, livesMs } });
      worker.on('error', (error) => assert.equal(error.message, 'on purpose'));
      const exited = new Promise((resolve) => worker.on('exit', resolve));
      if (how === 'terminate') {
        await sleep(Math.random() * 150); // in any phase of its life, before it has attached too
        await worker.terminate();
      }
      const code = await exited;
      // One that was terminated before it ran ends with 0 in some versions.
      if (how !== 'terminate') assert.equal(code, exits[how]);
      // One that was not terminated has attached: the addon is there.
      if (ending === 'exit' && how !== 'terminate' && left < Number(lives) / 2) process.exit(7);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, live));

  const { attachThread } = await import('@schedhint/core');
  const { loadAddon } = await import('@schedhint/native');
  const thread = attachThread({ map, scoped: true });
  assert.equal(thread.blocks.process.gc_threads, 0);
  assert.equal(thread.blocks.process.bound_threads, thread.status.state === 'bound' ? 1 : 0);
  thread.stop();
  const { blocksQuarantined, blocksFree, pages, ...held } = loadAddon().addon.counts();
  assert.deepEqual(held, { threads: 0, bindings: 0, bound: 0, mapsOpen: 0, blocksUsed: 0 });
}
