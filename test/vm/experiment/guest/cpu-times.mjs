// CPU time and context switches, as the kernel counts them.

import { readdirSync, readFileSync } from 'node:fs';

/** In ms. */
const usedBy = (file) => Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;

export const usedByThisThread = () => usedBy('/proc/thread-self/schedstat');

/**
 * CPU time of a process in ms: of its main thread, its background workers, and all threads that it has now.
 *
 * @param {number} pid
 * @param {number[]} [background] thread ids
 */
export function cpuTimesOf(pid, background = []) {
  const times = { main: 0, background: 0, all: 0 };
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const used = usedBy(`/proc/${pid}/task/${tid}/schedstat`);
    times.all += used;
    if (Number(tid) === pid) times.main += used;
    else if (background.includes(Number(tid))) times.background += used;
  }
  return times;
}

/** Context switches, and the time in which CPUs were idle, of all CPUs in ms. */
export function countsOfMachine() {
  const stat = readFileSync('/proc/stat', 'utf8');
  const ticks = Number(/^cpu +(?:\d+ +){3}(\d+)/.exec(stat)[1]);
  return { switches: Number(/^ctxt (\d+)$/m.exec(stat)[1]), idleMs: ticks * 10 };
}
