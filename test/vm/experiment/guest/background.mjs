// Background work of a service: worker threads that compute without a pause, as reports or pictures are made.

import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attachThread } from 'schedhint';
import { keepUrgency } from './automatic-urgency.mjs';
import { compute } from './compute.mjs';

const [GOES, BOUND, TID] = [0, 1, 2];
const STATES = ['off', 'waiting', 'bound'];

/** The workers, as their service sees them. */
export class Background {
  #shared;
  #workers = [];

  /** @param {{ workers: number, batch?: boolean, nice?: number }} options */
  static async start(options) {
    const background = new Background();
    background.#shared = Array.from(
      { length: options.workers },
      () => new Int32Array(new SharedArrayBuffer(16)),
    );
    await Promise.all(
      background.#shared.map((shared) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { shared, options } });
        background.#workers.push(worker);
        return new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
      }),
    );
    return background;
  }

  go() {
    for (const shared of this.#shared) Atomics.store(shared, GOES, 1);
    for (const worker of this.#workers) worker.postMessage('go');
  }

  rest() {
    for (const shared of this.#shared) Atomics.store(shared, GOES, 0);
  }

  majorCollections = () => [];
  states = () => this.#shared.map((shared) => STATES[Atomics.load(shared, BOUND)]);
  tids = () => this.#shared.map((shared) => shared[TID]);
}

function work({ shared, options }) {
  if (options.nice) setPriority(options.nice); // of this thread: 0 is the caller for the kernel
  const thread = attachThread();
  if (options.automatic) keepUrgency(thread);
  else if (options.batch) thread.hints.batch = true;
  const show = ({ state }) => Atomics.store(shared, BOUND, Math.max(0, STATES.indexOf(state)));
  thread.onStatus(show);
  show(thread.status);
  shared[TID] = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  compute(1); // compiled
  parentPort.postMessage('ready');
  parentPort.on('message', async () => {
    for (let value = 1; Atomics.load(shared, GOES) === 1; ) {
      value = compute(value);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

if (!isMainThread) work(workerData);
