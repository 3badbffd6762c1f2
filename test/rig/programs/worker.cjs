// A worker of main.cjs.

const { parentPort } = require('node:worker_threads');
const { run } = require('./context.cjs');

parentPort.on('message', async ({ id, source, argument, end }) => {
  if (end) parentPort.close();
  else parentPort.postMessage({ id, ...(await run(source, argument)) });
});
parentPort.postMessage({ ready: true });
