/**
 * What `schedhint/register` does before each application, and nothing that can wait: it is compiled
 * and run at each start of Node.js.
 *
 * @packageDocumentation
 */
import { currentThread, listenToStatus, loadAddon } from '@schedhint/native';
import { pinOf } from '../channel/map-location.js';
import {
  introduce,
  standardGcRequest,
  standardHelpersRequest,
  standardRequest,
} from '../channel/standard.js';
import { followStartedWorkers } from './unreached-workers.js';

/** Why there is no addon, for a trace; null: there is one. */
export function whyNoAddon(): string | null {
  const loaded = loadAddon();
  return 'addon' in loaded ? null : loaded.reason;
}

/**
 * Attaches the calling thread to the map of standard blocks and publishes its collections, for as
 * long as it lives: `publishCollections(attachThread())`, without the views.
 *
 * @param onStatus called when the thread's status, or another's, may have changed
 * @returns false where there is more to it, and nothing has been done: V8's callbacks are not available
 */
export function publishOwnCollections(onStatus: () => void): boolean {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return true; // there is no listener
  // Bun exports V8's symbols but never calls back.
  if (process.versions.bun !== undefined) return false;
  const { addon } = loaded;
  const { id, isMain } = currentThread();
  const handle = addon.attach(standardRequest(pinOf({})), id, true);
  if (!addon.startGcHook(handle, standardGcRequest)) {
    addon.release(handle);
    return false;
  }
  introduce((...store) => addon.store(handle, ...store), isMain);
  followStartedWorkers();
  const boundTo = addon.boundTo(handle);
  // Listeners come later than a preload, and listening takes a third as long as attaching.
  setImmediate(() => {
    addon.findHelpers(handle, standardHelpersRequest);
    listenToStatus(addon, onStatus);
    if (addon.boundTo(handle) !== boundTo) onStatus();
  }).unref();
  return true;
}
