// Shares the one status callback of the addon among all listeners in a thread, including those of other copies of this package.

import type { Addon } from './native.js';
import { throwUncaught } from './uncaught.js';

const LISTENERS = Symbol.for('schedhint.statusListeners');

/**
 * The async resource of the listener. Tools that look for open handles (`jest --detectOpenHandles`)
 * call its hasRef(): the listener keeps no process alive.
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
