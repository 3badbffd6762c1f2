import type { Worker } from 'node:worker_threads';
import { show, typeError } from './errors.js';
import { Handle, type HintedThread } from './handle.js';
import type { Hints } from './hints.js';
import { channelOf } from './thread.js';
import { ThreadBlocks } from './thread-blocks.js';

const ofWorkers = new WeakMap<Worker, Map<string, HintedThread>>();

/**
 * A worker's blocks, from the thread that started it. They exist from now on: what is written here
 * before the worker has attached itself is there when it does. Detached when the worker exits.
 *
 * @param worker a `worker_threads` Worker
 * @param options.map as for {@link attachThread}; must be the map that the worker itself uses
 * @returns always the same handle for the same worker and map
 * @throws TypeError `ERR_OPTION` if it is no worker
 */
export function threadOf(worker: Worker, options: { readonly map?: string } = {}): HintedThread {
  if (typeof worker?.threadId !== 'number' || typeof worker.once !== 'function') {
    throw typeError('ERR_OPTION', `worker: expected a Worker, got ${show(worker)}`);
  }
  const channel = channelOf(options);
  const { map } = channel.request;
  let handles = ofWorkers.get(worker);
  if (handles === undefined) {
    handles = new Map();
    ofWorkers.set(worker, handles);
  }
  let thread = handles.get(map);
  if (thread === undefined) {
    thread = new Handle(channel, ThreadBlocks.of(channel, worker.threadId)) as HintedThread;
    handles.set(map, thread);
    const detach = () => thread!.detach();
    // Its threadId is -1 once it has exited: nothing will call us then.
    if (worker.threadId < 0) detach();
    else worker.once('exit', detach);
  }
  return thread;
}

/**
 * A worker's hints, from the thread that started it: `threadOf(worker, options).hints`.
 *
 * Both threads may write them: a single field is the last writer's, a group (`set`) is one of the
 * two, never a mixture.
 */
export function hintsOf(worker: Worker, options: { readonly map?: string } = {}): Hints {
  return threadOf(worker, options).hints;
}
