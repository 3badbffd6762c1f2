// A worker of main.mjs.

import { parentPort } from 'node:worker_threads';
import { run } from './context.mjs';

parentPort.on('message', async ({ id, source, argument, end }) => {
  if (end) parentPort.close();
  else parentPort.postMessage({ id, ...(await run(source, argument)) });
});
parentPort.postMessage({ ready: true });
