// A Node.js application that does what the test asks for. It ends with its IPC channel.

import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { attachThread, deadlineIn } from 'schedhint';

const thread = attachThread();
const objects = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `object ${i}` }));
const statuses = [];
thread.onStatus((status) => statuses.push(status.state));

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const requests = {
  state: () => {
    const { state, code, map, readBy } = thread.status;
    return {
      state,
      code,
      map: map?.id,
      by: map?.by,
      readBy: readBy && { flags: readBy.flags },
      seenNs: String(thread.feedback?.readerSeenNs),
      statuses,
    };
  },
  hints: (hints) => {
    if (hints.deadlineMs !== undefined) {
      hints = { ...hints, deadlineNs: deadlineIn(hints.deadlineMs) };
      delete hints.deadlineMs;
    }
    thread.hints.set(hints);
  },
  collect: async (count) => {
    for (let i = 0; i < count; i++) {
      globalThis.gc();
      await rest(20);
    }
    return objects.length;
  },
  /** Runs now and then, for so long. */
  wake: async (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end) await rest(2);
  },
  spin: (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  },
  /** Work for libuv's pool, of some milliseconds each. */
  hash: async (count) => {
    for (let i = 0; i < count; i++) {
      await promisify(pbkdf2)('password', 'salt', 5000, 64, 'sha512');
      await rest(2);
    }
  },
  workers: async (count) => {
    let online = 0;
    for (let i = 0; i < count; i++) {
      const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      await new Promise((resolve) => worker.once('online', resolve));
      online++;
    }
    return online;
  },
};

process.on('message', async ({ id, request, argument }) => {
  process.send({ id, answer: await requests[request](argument) });
});
process.on('disconnect', () => process.exit());
