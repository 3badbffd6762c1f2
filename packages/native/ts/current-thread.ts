// Finds the threadId of the calling thread, without loading node:worker_threads in the main thread.

import { builtinModule } from './builtin-module.js';
import { loadAddon } from './load.js';

/** A JavaScript thread, as Node.js knows it. */
export interface CurrentThread {
  /** Node.js's `threadId`. */
  readonly id: number;
  readonly isMain: boolean;
}

let current: CurrentThread | undefined;

/**
 * The calling thread. `node:worker_threads` knows it too, but takes 3 ms to load: a worker has loaded
 * it anyway, while an application's main thread may never need it.
 */
export function currentThread(): CurrentThread {
  current ??= isProcessesFirst() ? { id: 0, isMain: true } : fromNode();
  return current;
}

function isProcessesFirst(): boolean {
  const loaded = loadAddon();
  return 'addon' in loaded && loaded.addon.isFirstThread;
}

function fromNode(): CurrentThread {
  try {
    const { isMainThread, threadId } = builtinModule('node:worker_threads');
    return { id: threadId, isMain: isMainThread };
  } catch {
    // An ESM bundle before Node.js 20.16. There is no addon then, so the id goes nowhere.
    return { id: 0, isMain: true };
  }
}
