// Reads a thread's schedstat: how long it ran on a CPU, and how long it was ready to run and waited for one.

import { readFileSync } from 'node:fs';

/** What the kernel has counted for a thread since it started. Exact to a nanosecond for 104 days. */
export interface SchedStat {
  /** Nanoseconds on a CPU. Of a thread that is running, up to a tick (4 ms at 250 Hz) behind. */
  readonly onCpuNs: number;
  /**
   * Nanoseconds that the thread was ready to run and had no CPU, the time that its cgroup was throttled among it. A wait counts when
   * it ends: one in progress is missing.
   */
  readonly runDelayNs: number;
  /** How often it was given a CPU. */
  readonly timeslices: number;
}

const LINE = /^(\d{1,20}) (\d{1,20}) (\d{1,20})\n?$/;

/** The contents of a schedstat file; null: it is not three numbers. */
export function parseSchedStat(text: string): SchedStat | null {
  const [, onCpu, runDelay, timeslices] = LINE.exec(text) ?? [];
  if (onCpu === undefined) return null;
  return {
    onCpuNs: Number(onCpu),
    runDelayNs: Number(runDelay),
    timeslices: Number(timeslices),
  };
}

/**
 * A thread's schedstat, of this process or another of the same user.
 *
 * @param proc where procfs is mounted
 * @returns null: there is no such thread, or the kernel does not count (it was built without CONFIG_SCHED_INFO)
 * @throws what `readFileSync` throws otherwise: EACCES, EPERM
 */
export function readSchedStat(pid: number | 'self', tid: number, proc = '/proc'): SchedStat | null {
  try {
    return parseSchedStat(readFileSync(`${proc}/${pid}/task/${tid}/schedstat`, 'latin1'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
