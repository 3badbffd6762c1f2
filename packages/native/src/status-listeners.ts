import type { Addon } from './native.js';

const LISTENERS = Symbol.for('schedhint.statusListeners');

/**
 * {@link Addon.onStatusChange} for any number of callbacks: the preload and the application may each
 * have a copy of these packages, and in one thread all have the same addon, where they meet.
 */
export function listenToStatus(addon: Addon, callback: () => void): void {
  const shared = addon as Addon & { [LISTENERS]?: Set<() => void> };
  let listeners = shared[LISTENERS];
  if (listeners === undefined) {
    listeners = new Set();
    shared[LISTENERS] = listeners;
    const all = listeners;
    addon.onStatusChange(() => {
      for (const listener of [...all]) listener();
    });
  }
  listeners.add(callback);
}
