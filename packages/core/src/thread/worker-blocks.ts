// Gives the thread that started a worker all of the worker's handle, with views of its blocks.

import type { Worker } from 'node:worker_threads';
import type { StandardChannel } from '../channel/channel.js';
import { viewStandardBlocks } from '../channel/standard-views.js';
import type { TldChannel } from '../channel/tld-description.js';
import type { ThreadOf } from './thread-handle.js';
import { handleOfWorker, type WorkerOptions } from './worker-thread.js';

/**
 * A worker's blocks, from the thread that started it. They exist from now on: what is written here
 * before the worker has attached itself is there when it does. The handle ends when the worker exits.
 *
 * @param worker a `worker_threads` Worker
 * @returns always the same handle for the same worker and map
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is no worker
 */
export function threadOf<C extends StandardChannel | TldChannel = StandardChannel>(
  worker: Worker,
  options: WorkerOptions<C> = {},
): ThreadOf<C> {
  viewStandardBlocks();
  return handleOfWorker(worker, options);
}
