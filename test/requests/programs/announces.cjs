// announces.cjs [WORKERS]: prints whether requests are tracked in the main thread and in workers, whose config file is gone by then.

const { hasSubscribers } = require('node:diagnostics_channel');
const { rmSync } = require('node:fs');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

const isTracked = hasSubscribers('http.server.request.start');
if (!isMainThread) {
  parentPort.postMessage(isTracked);
} else {
  const count = Number(process.argv[2] ?? 0);
  if (process.env.REMOVE) rmSync(process.env.REMOVE);
  const workers = Array.from({ length: count }, () => new Worker(__filename));
  Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.on('message', resolve))),
  ).then((tracked) => console.log(JSON.stringify([isTracked, ...tracked])));
}
