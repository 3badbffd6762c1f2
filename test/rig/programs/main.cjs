// The main thread of a Node.js process that runs what a test sends it.

const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { context, run } = require('./context.cjs');

const answer = (id, outcome) => process.send({ id, ...outcome });

const commands = {
  run: ({ source, argument }) => run(source, argument),
  start({ worker }) {
    const thread = new Worker(join(__dirname, 'worker.cjs'));
    const asked = new Set();
    context.workers.set(worker, thread);
    thread.asked = asked;
    thread.on('exit', (code) => {
      for (const id of asked) answer(id, { error: { message: `the worker exited with ${code}` } });
    });
    return new Promise((resolve) => {
      thread.on('message', ({ id, ready, ...outcome }) => {
        if (ready) return resolve({ result: thread.threadId });
        asked.delete(id);
        answer(id, outcome);
      });
    });
  },
  /** Answered when the worker does. */
  runInWorker({ id, worker, source, argument }) {
    const thread = context.workers.get(worker);
    thread.asked.add(id);
    thread.postMessage({ id, source, argument });
  },
  stop({ worker, how }) {
    const thread = context.workers.get(worker);
    context.workers.delete(worker);
    return new Promise((resolve) => {
      thread.once('exit', (code) => resolve({ result: code }));
      if (how === 'terminate') thread.terminate();
      else thread.postMessage({ end: true });
    });
  },
  end: () => process.disconnect(),
};

process.on('message', async (message) => {
  const outcome = await commands[message.command](message);
  if (outcome !== undefined) answer(message.id, outcome);
});
process.send({ ready: true });
