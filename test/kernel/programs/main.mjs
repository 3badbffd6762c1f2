// The main thread of a Node.js process that runs what a test sends it.

import { Worker } from 'node:worker_threads';
import { context, run } from './context.mjs';

const answer = (id, outcome) => process.send({ id, ...outcome });

const commands = {
  async run({ source, argument }) {
    return run(source, argument);
  },
  async start({ worker }) {
    const thread = new Worker(new URL('./worker.mjs', import.meta.url));
    context.workers.set(worker, thread);
    thread.on('message', ({ id, ...outcome }) => {
      if (id !== undefined) answer(id, outcome);
    });
    return new Promise((resolve) => {
      thread.once('message', () => resolve({ result: thread.threadId }));
    });
  },
  /** Answered by the worker itself, or here if it ends first. */
  async runInWorker({ id, worker, source, argument }) {
    const thread = context.workers.get(worker);
    thread.once('exit', (code) =>
      answer(id, { error: { name: 'Error', message: `the worker exited with ${code}` } }),
    );
    thread.postMessage({ id, source, argument });
  },
  async stop({ worker, how }) {
    const thread = context.workers.get(worker);
    const ended = new Promise((resolve) => {
      thread.once('exit', (code) => resolve({ result: code }));
    });
    if (how === 'terminate') thread.terminate();
    else thread.postMessage({ end: true });
    context.workers.delete(worker);
    return ended;
  },
};

process.on('message', async (message) => {
  const outcome = await commands[message.command](message);
  if (outcome !== undefined) answer(message.id, outcome);
});
process.send({ ready: true });
