// Finds threads of this process that always sleep. When all of them run, the process was stopped (SIGSTOP, a freezer) and continues: the
// kernel then wakes every thread.

import { readdirSync } from 'node:fs';
import { readSchedStat } from '../proc/schedstat.js';

/** One alone might run for another reason. */
const THREADS = 3;

/**
 * The paths of the schedstat of the threads that have run least often. In Node.js one of them waits for SIGUSR1, to start the
 * inspector; V8 has not needed the others yet.
 *
 * @param proc where procfs is mounted
 * @returns empty: threads or their schedstat cannot be read
 */
export function quietThreads(proc = '/proc'): string[] {
  const threads: { readonly tid: number; readonly timeslices: number }[] = [];
  try {
    for (const name of readdirSync(`${proc}/self/task`)) {
      const tid = Number(name);
      const timeslices = readSchedStat('self', tid, proc)?.timeslices;
      if (timeslices !== undefined) threads.push({ tid, timeslices });
    }
  } catch {
    // Not Linux, no procfs, or no permission.
  }
  return (
    threads
      // The last of those that are equal: V8's were started before, and will be needed.
      .sort((a, b) => a.timeslices - b.timeslices || b.tid - a.tid)
      .slice(0, THREADS)
      .map(({ tid }) => `${proc}/self/task/${tid}/schedstat`)
  );
}
