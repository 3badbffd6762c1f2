import type { CompiledAddon } from './compiled.js';

// Taken at load: test frameworks replace them with fake ones.
const { setTimeout: startTimer } = globalThis;

/**
 * Lets this thread's event loop look, every now and then, whether a map can come where none could: there the
 * process has no thread of ours that could. The timer keeps no process alive.
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
