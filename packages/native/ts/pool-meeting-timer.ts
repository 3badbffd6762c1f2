// Has the addon find out, on an unreferenced timer of the main thread, which threads are libuv's pool, where they have no names.

import type { CompiledAddon } from './compiled.js';

// Taken at load, because test frameworks replace timers with fake ones.
const { setTimeout: startTimer } = globalThis;

/**
 * Calls the addon's meetPool() by a timer until it has met the pool's threads, or given up: after 1 s first, so nothing happens
 * while the app starts. The timer keeps no process alive.
 *
 * @returns to be called whenever that may have become necessary
 */
export function meetingPool(compiled: CompiledAddon): () => void {
  if (!compiled.isFirstThread || !hasNamelessPool()) return () => {};
  let isTimed = false;
  const meet = () => {
    if (isTimed) return;
    const ms = compiled.meetPool();
    if (ms === 0) return;
    isTimed = true;
    startTimer(() => {
      isTimed = false;
      meet();
    }, ms).unref();
  };
  return meet;
}

/** Since version 1.50 libuv names its threads. The pools of Bun and Deno are not libuv's. */
function hasNamelessPool(): boolean {
  const { uv = '', bun, deno } = process.versions;
  const [major = 0, minor = 0] = uv.split('.').map(Number);
  return bun === undefined && deno === undefined && major === 1 && minor < 50;
}
