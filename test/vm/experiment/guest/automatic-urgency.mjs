// Urgency without the app's word: from how busy the thread's event loop is, and how late. A loop that is busy all of the time computes, and is
// not urgent; one that is late though it rests in between waits for a CPU. Part of the experiment only, until it is known to pay.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

const EACH_MS = 100;
const RESOLUTION_MS = 5; // of the loop's delay: its timer
const BUSY = 0.95; // a part of the time
const [LOW, NORMAL, MOST] = [256, 512, 900];
const LATE_MS = 5; // from which on it is as urgent as it gets

/** @param {number} utilization 0 to 1 @param {number} lateMs how late timers are */
export function urgencyFor(utilization, lateMs) {
  if (utilization >= BUSY) return LOW;
  return Math.round(NORMAL + (MOST - NORMAL) * Math.min(1, Math.max(0, lateMs) / LATE_MS));
}

/** Keeps the hint of the calling thread's handle. */
export function keepUrgency(thread) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let last = performance.eventLoopUtilization();
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    const lateMs = delay.count > 0 ? delay.mean / 1e6 - RESOLUTION_MS : 0;
    thread.hints.urgency = urgencyFor(utilization, lateMs);
    last = now;
    delay.reset();
  }, EACH_MS).unref();
}
