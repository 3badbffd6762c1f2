// Implements watchStalls(): checks its options. What watches is loaded by the first call.

import { checkOptions } from '@schedhint/core/thread';
import { checkFunction, refusal } from '../requests/refusal.js';
import { startMonitor } from './monitor.js';
import type { StallMonitor, WatchStallsOptions } from './stall.js';

const OPTIONS = ['thresholdMs', 'onStall', 'stack'];
const DEFAULT_MS = 50;
const MIN_MS = 10;
const MAX_MS = 60_000;

/**
 * Watches the calling thread's event loop, main thread or worker, and says of each turn that takes too long what it was made of: the
 * collector, the thread's own code, no CPU, its cgroup's CPU quota, a synchronous call, or a pause of the whole process.
 *
 * Monitors of one thread share what watches it. A monitor keeps no event loop alive, and ends with its thread. What runs before
 * the loop's first turn, an app's start, is no stall; the last turn of a loop that ends is not seen.
 *
 * Each stall is also published on the diagnostics channel `schedhint:stall`.
 *
 * Without the native addon stalls are measured by a timer: `precision` is then `'low'`. With `SCHEDHINT=off` nothing is watched.
 *
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for invalid options
 */
export function watchStalls(options: WatchStallsOptions = {}): StallMonitor {
  checkOptions('watchStalls', options, OPTIONS);
  const { thresholdMs = DEFAULT_MS, onStall, stack = false } = options;
  const isNumber = typeof thresholdMs === 'number';
  if (!isNumber || !(thresholdMs >= MIN_MS && thresholdMs <= MAX_MS)) {
    const got = isNumber ? thresholdMs : typeof thresholdMs;
    const message = `thresholdMs: expected a number ${MIN_MS}..${MAX_MS}, got ${got}`;
    throw refusal(message, isNumber ? RangeError : TypeError);
  }
  if (onStall !== undefined) checkFunction('onStall', onStall);
  if (typeof stack !== 'boolean') {
    throw refusal(`stack: expected a boolean, got ${typeof stack}`);
  }
  return startMonitor({ thresholdMs, onStall, stack, shares: false });
}
