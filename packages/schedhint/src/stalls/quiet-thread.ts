// Finds a thread of this process that always sleeps. When it runs, the process was stopped (SIGSTOP, a freezer) and continues: the
// kernel then wakes every thread.

import { readdirSync } from 'node:fs';
import { readSchedStat } from '../proc/schedstat.js';

/**
 * The path of the schedstat of the thread that has run least often. In Node.js that is one that waits for SIGUSR1, to start the
 * inspector; or one that V8 has not needed yet.
 *
 * @param proc where procfs is mounted
 * @returns empty: threads or their schedstat cannot be read
 */
export function quietThread(proc = '/proc'): string {
  let quietest: { readonly tid: number; readonly timeslices: number } | undefined;
  try {
    for (const name of readdirSync(`${proc}/self/task`)) {
      const tid = Number(name);
      const timeslices = readSchedStat('self', tid, proc)?.timeslices;
      if (timeslices === undefined) continue;
      // The last of those that are equal: V8's were started before, and will be needed.
      if (quietest === undefined || timeslices <= quietest.timeslices)
        quietest = { tid, timeslices };
    }
  } catch {
    // Not Linux, no procfs, or no permission.
  }
  return quietest === undefined ? '' : `${proc}/self/task/${quietest.tid}/schedstat`;
}
