// An app of a main thread and three workers, each of which does what the test asks for, and answers. It ends with its IPC channel.

import { once } from 'node:events';
import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { threadOf } from '@schedhint/core';
import { attachThread, deadlineIn, hintsOf } from 'schedhint';

const WORKERS = 3;
const thread = attachThread();
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const garbage = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `object ${i}` }));

let collections = 0; // as Node.js counts them
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

/** What each thread does. */
const requests = {
  state: () => {
    const { state, code, readBy } = thread.status;
    return {
      tid: thread.tid,
      state,
      code,
      isRead: readBy !== undefined && readBy !== null,
      seenNs: thread.feedback?.readerSeenNs,
      runDelayNs: thread.feedback?.runDelayNs,
      collections,
      objects: garbage.length,
    };
  },
  collect: async (count) => {
    for (let i = 0; i < count; i++) {
      globalThis.gc();
      await rest(2); // its entry comes in a task
    }
    await rest(100);
    return requests.state();
  },
  hints: ({ deadlineMs, ...hints }) => {
    thread.hints.set({ ...hints, deadlineNs: deadlineIn(deadlineMs) });
    return requests.state();
  },
};

function answerAsWorker() {
  parentPort.on('message', async ({ request, argument }) => {
    parentPort.postMessage(await requests[request](argument));
  });
}

/** @type {Worker[]} */
const workers = [];

async function askWorker(worker, request, argument) {
  worker.postMessage({ request, argument });
  const [answer] = await once(worker, 'message');
  return answer;
}

/** What only the main thread does. */
const ofAll = {
  start: async () => {
    for (let i = 0; i < WORKERS; i++) {
      const worker = new Worker(new URL(import.meta.url));
      await once(worker, 'online');
      workers.push(worker);
    }
  },
  /** The same of all threads, the main thread first. */
  each: ({ request, argument }) =>
    Promise.all([
      requests[request](argument),
      ...workers.map((worker) => askWorker(worker, request, argument)),
    ]),
  hintWorkers: (urgencies) => {
    for (const [i, worker] of workers.entries()) hintsOf(worker).urgency = urgencies[i];
  },
  terminate: async () => {
    const worker = workers.shift();
    await worker.terminate();
    return threadOf(worker).status.code;
  },
};

function answerAsMain() {
  process.on('message', async ({ id, request, argument }) => {
    process.send({ id, answer: await ofAll[request](argument) });
  });
  process.on('disconnect', () => process.exit());
}

if (isMainThread) answerAsMain();
else answerAsWorker();
