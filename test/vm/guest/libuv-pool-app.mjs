// The app of libuv-pool.mjs: requests that are answered by work in libuv's pool, and collections during such work.

import { pbkdf2 } from 'node:crypto';
import { attachThread } from 'schedhint';

const thread = attachThread();
const { urgency, hashes, iterations, collections, objects } = JSON.parse(process.argv[2]);
const heap = Array.from({ length: objects }, (_, i) => ({ id: i, parts: [i, i + 1, i + 2] }));

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const hash = (count) =>
  new Promise((resolve) => pbkdf2('password', 'salt', count, 64, 'sha512', resolve));

const requests = {
  state: () => ({ state: thread.status.state, objects: heap.length }),
  /** Until helper threads have their elements: they get them with the next look at the map. */
  settle: () => rest(2000),
  /** Wall time of each, in ms, from the request to its answer. */
  hash: async () => {
    const times = [];
    thread.hints.urgency = urgency;
    for (let i = 0; i < hashes; i++) {
      await rest(30);
      const start = performance.now();
      await hash(iterations);
      times.push(performance.now() - start);
    }
    thread.hints.urgency = 0;
    return times;
  },
  /** Wall time of each, in ms, while the pool has more to do than it can. */
  collect: async () => {
    let goes = true;
    const work = async () => {
      while (goes) await hash(iterations);
    };
    const working = Array.from({ length: 4 }, work);
    const times = [];
    for (let i = 0; i < collections; i++) {
      await rest(500);
      const start = performance.now();
      globalThis.gc();
      times.push(performance.now() - start);
    }
    goes = false;
    await Promise.all(working);
    return times;
  },
};

process.on('message', async ({ id, request }) => {
  process.send({ id, answer: (await requests[request]()) ?? null });
});
process.on('disconnect', () => process.exit());
