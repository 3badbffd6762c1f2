// What /proc says of a thread of this process, where there is a /proc.

import { openSync, readdirSync, readFileSync, readSync } from 'node:fs';

const TASKS = '/proc/self/task';
const buffer = Buffer.alloc(4096);

/** @returns {number[]} the kernel's ids of this process's threads */
export function listTasks() {
  try {
    return readdirSync(TASKS).map(Number);
  } catch {
    return [];
  }
}

/** This thread's own id in the kernel, 0 if it is not known. */
export function ownTask() {
  return Number(/^Pid:\s+([0-9]+)/m.exec(readWhole('/proc/thread-self/status'))?.[1] ?? 0);
}

/** One thread's numbers. A thread that has gone, or a system without /proc, has zeroes. */
export class TaskStats {
  /** Its name. */
  comm;
  // Kept open: they are read in each collection, and open() costs more than the reading.
  #schedstat;
  #status;

  /** @param {number} tid */
  constructor(tid) {
    this.comm = readWhole(`${TASKS}/${tid}/comm`).trim();
    this.#schedstat = open(`${TASKS}/${tid}/schedstat`);
    this.#status = open(`${TASKS}/${tid}/status`);
  }

  /** Time on a CPU, and time spent waiting for one; since the thread's start. */
  get times() {
    const [onCpuNs = 0, runDelayNs = 0] = read(this.#schedstat).split(' ').map(Number);
    return { onCpuNs, runDelayNs };
  }

  /** Involuntary switches. */
  get preempted() {
    return Number(/^nonvoluntary_ctxt_switches:\s+([0-9]+)/m.exec(read(this.#status))?.[1] ?? 0);
  }
}

function open(path) {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}

function read(file) {
  if (file === null) return '';
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return ''; // ESRCH: the thread has gone
  }
}

function readWhole(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
