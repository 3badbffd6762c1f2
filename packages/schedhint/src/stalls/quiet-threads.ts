// Finds threads of this process that always sleep. When all of them run, the process was stopped (SIGSTOP, a freezer) and continues: the
// kernel then wakes every thread.

import { blocksAllSignals } from '../proc/thread-roles.js';
import { readThreads, type ThreadCounts } from '../proc/threads.js';

/** One alone might run for another reason. */
const THREADS = 3;

/**
 * The paths of the schedstat of threads that always sleep: first the one that waits for SIGUSR1, to start Node.js's inspector, and
 * then those that have run least often. V8's threads are not enough: a collection wakes all of them.
 *
 * @param proc where procfs is mounted
 * @returns empty: threads or their schedstat cannot be read
 */
export function quietThreads(proc = '/proc'): string[] {
  let threads: ThreadCounts[] = [];
  try {
    threads = readThreads(`${proc}/self`).filter(({ waitMs }) => waitMs !== null);
  } catch {
    // Not Linux, no procfs, or no permission.
  }
  return (
    threads
      // The last of those that are equal: V8's were started before, and will be needed.
      .sort((a, b) => order(a) - order(b) || runs(a) - runs(b) || b.tid - a.tid)
      .slice(0, THREADS)
      .map(({ tid }) => `${proc}/self/task/${tid}/schedstat`)
  );
}

const order = (thread: ThreadCounts) => (blocksAllSignals(thread) && !isOurs(thread) ? 0 : 1);
/** The addon's threads block all signals too, and work during a stall. */
const isOurs = ({ name }: ThreadCounts) => name.startsWith('schedhint-');
const runs = (thread: ThreadCounts) => thread.voluntarySwitches + thread.involuntarySwitches;
