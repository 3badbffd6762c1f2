// Gives the thread that started a worker a handle on that worker's blocks, which
// exist even before the worker attaches. The handle ends when the worker exits.

import type { Worker } from 'node:worker_threads';
import type { Hints } from '../block/hints.js';
import type { StandardChannel } from '../channel/channel.js';
import type { TldChannel } from '../channel/tld-description.js';
import { checkOptions, show, typeError } from '../errors.js';
import { channelOf } from './attach.js';
import { unavailable } from './status.js';
import { keyOf, ThreadBlocks } from './thread-binding.js';
import { Handle, type HintingThread, type ThreadOf } from './thread-handle.js';

/** A handle on a worker, by the key of its channel. A worker has few: they are searched in a list. */
interface Known {
  readonly key: string;
  readonly thread: Handle;
}

const ofWorkers = new WeakMap<Worker, Known[]>();

/** Which of a worker's blocks: those of the map that the worker itself uses. */
export interface WorkerOptions<C extends StandardChannel | TldChannel = StandardChannel> {
  /** Path of the map, as for {@link attachThread}. */
  readonly map?: string;
  /** Or a channel of another kind, made as the worker makes its own. */
  readonly channel?: C;
}

/** The handle on a worker: see {@link hintsOf}, and threadOf() in worker-blocks.ts. */
export function handleOfWorker<C extends StandardChannel | TldChannel = StandardChannel>(
  worker: Worker,
  options: WorkerOptions<C> = {},
): ThreadOf<C> {
  if (typeof worker?.threadId !== 'number' || typeof worker.once !== 'function') {
    throw typeError('ERR_SCHEDHINT_OPTION', `worker: expected a Worker, got ${show(worker)}`);
  }
  checkOptions('hintsOf', options, ['map', 'channel']);
  const channel = channelOf(options);
  const key = keyOf(channel);
  const known = ofWorkers.get(worker) ?? [];
  let thread = known.find((one) => one.key === key)?.thread;
  if (thread === undefined) {
    const handle = new Handle(channel, ThreadBlocks.of(channel, worker.threadId), 'strong');
    thread = handle;
    ofWorkers.set(worker, [...known, { key, thread }]);
    const end = () =>
      Handle.end(handle, unavailable('ERR_SCHEDHINT_THREAD_ENDED', 'the worker has exited'));
    // Its threadId is -1 once it has exited: nothing will call us then.
    if (worker.threadId < 0) end();
    else worker.once('exit', end);
  }
  return thread as unknown as ThreadOf<C>;
}

/**
 * A worker's hints, from the thread that started it: `threadOf(worker, options).hints`.
 *
 * Both threads may write them: a single field is the last writer's, a group (`set`) is one of the
 * two, never a mixture.
 */
export function hintsOf(
  worker: Worker,
  options: WorkerOptions<StandardChannel | TldChannel> = {},
): Hints {
  return (handleOfWorker(worker, options) as HintingThread).hints;
}
