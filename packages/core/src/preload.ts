/**
 * What `schedhint/register` does before each application, and nothing that can wait: it is compiled
 * and run at each start of Node.js.
 *
 * @packageDocumentation
 */
import { currentThread, listenToStatus, loadAddon } from '@schedhint/native';
import { pinOf } from './pin.js';
import {
  introduce,
  PROCESS_SLOT,
  standardGcRequest,
  standardRequest,
  THREAD_SLOT,
} from './standard-request.js';
import { followStartedWorkers } from './started-workers.js';

/**
 * Attaches the calling thread to the map of standard blocks and publishes its collections, for as
 * long as it lives: `publishCollections(attachThread())`, without the views.
 *
 * @param onStatus called when the thread's status, or another's, may have changed
 * @returns false where there is more to it, and nothing has been done: V8's callbacks can't be had, or
 *   this runtime refuses memory from outside of its heap
 */
export function publishOwnCollections(onStatus: () => void): boolean {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return true; // there is nobody to tell
  // Bun exports V8's symbols but never calls back.
  if (process.versions.bun !== undefined) return false;
  const { addon } = loaded;
  const { id, isMain } = currentThread();
  const attachment = addon.attach(standardRequest(pinOf({})), id, true);
  const buffers = [THREAD_SLOT, PROCESS_SLOT].map((slot) => attachment.buffer(slot));
  const all = buffers.filter((buffer) => buffer !== null);
  if (all.length < buffers.length || !attachment.startGcHook(standardGcRequest)) {
    attachment.release();
    return false;
  }
  introduce(all, isMain);
  followStartedWorkers();
  listenToStatus(addon, onStatus);
  return true;
}
