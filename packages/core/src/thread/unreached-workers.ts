// Reports the `online` and `exit` events of each started worker to the addon,
// which counts the workers that run without schedhint.

import type { Worker } from 'node:worker_threads';
import { loadAddon } from '@schedhint/native';

/** A worker of these packages' own says so by this property. */
const OWN_WORKER = Symbol.for('schedhint.ownWorker');

let following = false;

/**
 * From now on the registry knows of every worker that this thread starts, so that those that no
 * preload has reached can be counted. `Worker` is not patched: Node.js announces each (`'worker'`).
 */
export function followStartedWorkers(): void {
  const loaded = loadAddon();
  if (following || !('addon' in loaded)) return;
  following = true;
  process.on('worker', (worker: Worker) => {
    if (OWN_WORKER in worker) return;
    const { threadId } = worker;
    // Preloads have run by then: before that it is not known whether it was reached.
    worker.once('online', () => loaded.addon.workerOnline(threadId));
    worker.once('exit', () => loaded.addon.workerEnded(threadId));
  });
}

/** How many workers of the process, started since, run without schedhint. */
export function countUnreachedWorkers(): number {
  const loaded = loadAddon();
  return 'addon' in loaded ? loaded.addon.unreachedWorkers() : 0;
}
