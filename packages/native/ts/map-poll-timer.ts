// Calls the addon's glance() on an unreferenced timer of this isolate, to find a bpffs or a broker that appears after the start.

import type { CompiledAddon } from './compiled.js';

// Taken at load, because test frameworks replace timers with fake ones.
const { setTimeout: startTimer } = globalThis;

/**
 * Polls for a map by a timer of this thread, while the addon's watcher thread does not run because no map could come (there is no
 * bpffs and no broker). When one can, the addon starts the watcher. The interval grows from 1 s to 30 s; the timer
 * keeps no process alive.
 *
 * @returns to be called whenever that may have become necessary
 */
export function glancing(compiled: CompiledAddon): () => void {
  let isTimed = false;
  const glance = () => {
    if (isTimed) return;
    const ms = compiled.glance();
    if (ms === 0) return;
    isTimed = true;
    startTimer(() => {
      isTimed = false;
      glance();
    }, ms).unref();
  };
  return glance;
}
