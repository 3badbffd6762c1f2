// The app's end of the embedded reader: the stand-in where BPF can't be used.

import { Worker } from 'node:worker_threads';
import { loadAddon } from '@schedhint/native';
import { uptr } from 'schedhint/channels';
import { Calls } from './calls.mjs';

/**
 * @typedef {{ lastLook: () => Promise<import('./observer.mjs').Snapshot> }} EmbeddedReader
 */

/**
 * Starts a thread that samples the blocks of others in this process.
 *
 * @param {{ threadId: number, tid: number }[]} threads Node.js's id and the kernel's
 * @param {(snapshot: import('./observer.mjs').Snapshot) => void} onSnapshot
 * @returns {Promise<{ reader?: EmbeddedReader, blind?: string }>} blind: why it could see nothing
 */
export async function startEmbeddedReader(threads, onSnapshot) {
  const loaded = loadAddon();
  // Without the addon each thread's block is in its own heap.
  if (!('addon' in loaded)) return { blind: loaded.reason };
  const worker = new Worker(new URL('embedded-reader.mjs', import.meta.url), {
    workerData: { threads, request: uptr().request },
    // No preloads: it has nothing to hint, and its own collections are not the app's.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const calls = new Calls((message) => worker.postMessage(message), { snapshot: onSnapshot });
  worker.on('message', (message) => calls.receive(message));
  await calls.ask('ready'); // before there is anything to miss
  return { reader: { lastLook: () => calls.ask('lastLook') } };
}
