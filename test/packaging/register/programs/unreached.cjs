// An application that starts three workers, of which the preload reaches one, and then ends them.
// Prints what the main thread's status says of unreached workers: before, meanwhile, afterwards.

const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { attachThread } = require('schedhint');

const wait = "require('node:worker_threads').parentPort.once('message', () => {})";
const unreached = () => attachThread().status.unreachedWorkers ?? 0;

(async () => {
  const counts = [unreached()];
  const workers = [{}, { execArgv: [] }, { execArgv: ['--no-warnings'] }].map(
    (options) => new Worker(wait, { eval: true, ...options }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  counts.push(unreached());
  for (const worker of workers) worker.postMessage('end');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  counts.push(unreached());
  console.log(counts.join(' '));
})();
