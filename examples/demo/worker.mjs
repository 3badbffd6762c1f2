// A worker of the app. The main thread asks, this answers.

import { parentPort, workerData } from 'node:worker_threads';
import { Calls } from './calls.mjs';
import { WorkingThread } from './working-thread.mjs';

const { answers } = new WorkingThread(workerData);
const calls = new Calls((message) => parentPort.postMessage(message), answers);
parentPort.on('message', (message) => calls.receive(message));
