// Finds out what each thread of a Node.js process is for, from what the kernel says of it.

import type { ThreadCounts } from './threads.js';

/**
 * What a thread is for: `main` and `worker` run JavaScript, `v8` helps V8 (collections, compiling), `libuv` is of the
 * pool for files, DNS and cryptography, `node` is Node.js's own, `other` is a library's or not known.
 */
export type ThreadRole = 'main' | 'worker' | 'v8' | 'libuv' | 'node' | 'other';

/** What else is known of a process. */
export interface RoleClues {
  readonly pid: number;
  /** The name of its program, which is also that of each thread without a name. */
  readonly program: string;
  /** The threads that run JavaScript, as schedhint in the process says. */
  readonly javaScript: ReadonlySet<number>;
  /** The threads that were once seen waiting in an event loop. */
  readonly inEpoll: ReadonlySet<number>;
  /** UV_THREADPOOL_SIZE of the process. */
  readonly poolSize: number;
}

/** The names that Node.js gives its threads: V8's since 24, libuv's since 22. */
const NAMES: readonly (readonly [RegExp, ThreadRole])[] = [
  [/^(node-)?V8Worker/, 'v8'],
  [/^DelayedTaskSche/, 'v8'],
  [/^libuv-worker/, 'libuv'],
  [/^SignalInspector/, 'node'],
  [/^WorkerThread/, 'worker'],
];

/** The pool's threads are started together. */
const TOGETHER_TICKS = 2;

/** The role of each thread, by its tid. */
export function rolesOf(
  threads: readonly ThreadCounts[],
  clues: RoleClues,
): Map<number, ThreadRole> {
  const roles = new Map(threads.map((thread) => [thread.tid, roleOf(thread, clues)]));
  const unnamed = threads.filter(
    ({ tid, name }) => roles.get(tid) === 'other' && name === clues.program,
  );
  const pool = new Set(poolOf(unnamed, clues).map(({ tid }) => tid));
  for (const { tid } of unnamed) {
    if (pool.has(tid)) roles.set(tid, 'libuv');
    else if (clues.inEpoll.has(tid)) roles.set(tid, 'worker');
  }
  return roles;
}

function roleOf(thread: ThreadCounts, { pid, program, javaScript }: RoleClues): ThreadRole {
  if (thread.tid === pid) return 'main';
  if (javaScript.has(thread.tid)) return 'worker';
  const named = NAMES.find(([name]) => name.test(thread.name));
  return named?.[1] ?? (thread.name === program ? roleBySignals(thread) : 'other');
}

/** Before their names Node.js's threads differ by what they block: V8's SIGUSR1, the inspector's all. Seen in 20 to 26. */
function roleBySignals(thread: ThreadCounts): ThreadRole {
  if (blocksAllSignals(thread)) return 'node';
  return /^0*200$/.test(thread.blockedSignals) ? 'v8' : 'other';
}

/** Whether it blocks all signals that a thread can block, those of real time among them. */
export function blocksAllSignals({ blockedSignals }: ThreadCounts): boolean {
  return /^f[0-9a-f]{15}$/.test(blockedSignals);
}

/** In Node.js 20 the pool is that many threads without a name that were started together, and never wait in an event loop. */
function poolOf(
  threads: readonly ThreadCounts[],
  { inEpoll, poolSize }: RoleClues,
): readonly ThreadCounts[] {
  const candidates = threads
    .filter(({ tid }) => !inEpoll.has(tid))
    .sort((a, b) => a.startTicks - b.startTicks || a.tid - b.tid);
  for (let first = 0; first + poolSize <= candidates.length; first++) {
    const group = candidates.slice(first, first + poolSize);
    const ticks = group.at(-1)!.startTicks - group[0]!.startTicks;
    if (ticks <= TOGETHER_TICKS) return group;
  }
  return [];
}
