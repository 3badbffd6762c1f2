import type { Addon } from './native.js';
import { throwUncaught } from './uncaught.js';

const LISTENERS = Symbol.for('schedhint.statusListeners');

/**
 * What async hooks see of the listening. It keeps no process alive, and tools that look for open
 * handles (`jest --detectOpenHandles`) ask for that.
 */
const resource = { hasRef: () => false };

/**
 * {@link Addon.onStatusChange} for any number of callbacks: the preload and the application may each
 * have a copy of these packages, and in one thread all have the same addon, where they meet. An
 * exception of one becomes an uncaught one and keeps nothing from the others.
 */
export function listenToStatus(addon: Addon, callback: () => void): void {
  const shared = addon as Addon & { [LISTENERS]?: Set<() => void> };
  let listeners = shared[LISTENERS];
  if (listeners === undefined) {
    listeners = new Set();
    shared[LISTENERS] = listeners;
    const all = listeners;
    addon.onStatusChange(() => {
      for (const listener of [...all]) {
        try {
          listener();
        } catch (error) {
          throwUncaught(error);
        }
      }
    }, resource);
  }
  listeners.add(callback);
}
