// Judges stalls of one kind: prepares what the kind needs, makes them in one process, and compares the judge with the kernel and V8.

import { cpus } from 'node:os';
import { hogs, someCpu } from '../made-stall.js';
import { CpuCgroup } from './cpu-cgroup.js';
import { JudgedProcess } from './judged-process.js';
import { type Judgement, judge } from './judgement.js';
import type { JudgedKind } from './kinds.js';
import type { ThreadStates } from './thread-states.js';

/** Words before a command that run it as a user without privileges, in namespaces as a container has them, and not as their first process. */
const UNPRIVILEGED = [
  ...['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
  ...['unshare', '--user', '--map-current-user', '--pid', '--fork', '--mount-proc'],
  ...['sh', '-c', '"$@"; exit $?', 'sh'],
];
/** Words before a command that keep other processes from its CPU. Not `nice`: that may count within a session only. */
const UNDISTURBED = ['chrt', '--rr', '1'];
const THRESHOLD_MS = 20;
/** How often a stall is made again that the judge has not seen. */
const MOST_AGAIN = 3;
const SHORTEST_MS = 60;
const LONGEST_MS = 500;
/** What the judge and another source may differ by: a share, and ms. The judge counts a thread as throttled until it has a CPU again. */
const AGREEMENT = 0.2;
const AGREEMENT_MS = 80; // another thread of the group may have been throttled in a period

/** How stalls are made. */
export interface JudgeOptions {
  readonly states: ThreadStates;
  readonly count: number;
  /** 0..1 */
  readonly random: () => number;
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly isUnprivileged?: boolean;
}

/** What came of a kind. */
export interface JudgedStalls {
  readonly judgements: readonly Judgement[];
  /** What another source says of the same stalls. Absent: there is no other. */
  readonly check?: {
    readonly source: string;
    /** Its sum, and the judge's. */
    readonly ms: number;
    readonly judgedMs: number;
    /** It has added up the threads on so many CPUs, the judge one thread. */
    readonly cpus?: number;
  };
}

/** Whether the judge may be believed. */
export function agrees({ check }: JudgedStalls): boolean {
  if (check === undefined) return true;
  const { ms, judgedMs, cpus = 1 } = check;
  const most = ms * (1 + AGREEMENT) + AGREEMENT_MS;
  const least = (ms * (1 - AGREEMENT)) / cpus - AGREEMENT_MS;
  return judgedMs >= least && judgedMs <= most;
}

/** Makes stalls of a kind, one after another in one process. */
export async function judgeKind(kind: JudgedKind, options: JudgeOptions): Promise<JudgedStalls> {
  const { states, count, random, node, env, isUnprivileged = false } = options;
  const cpu = someCpu();
  const others = kind.hogs === undefined ? null : hogs(kind.hogs, cpu);
  const cgroup =
    kind.quota === undefined ? null : new CpuCgroup(`schedhint-judged-${process.pid}`, kind.quota);
  const tracesGc = kind.parts.includes('gc') && !isUnprivileged;
  try {
    const through = [
      ...(others === null ? [] : ['taskset', '-c', `${cpu}`]),
      // A quota does not hold for what UNDISTURBED makes of a process; its group has the weight instead.
      ...(others === null && cgroup === null ? UNDISTURBED : []),
      ...(cgroup?.through ?? []),
      ...(isUnprivileged ? UNPRIVILEGED : []),
    ];
    const nodeOptions = tracesGc ? ['--trace-gc'] : [];
    const maker = await JudgedProcess.start({
      ...{ through, node, nodeOptions, env },
      thresholdMs: THRESHOLD_MS,
    });
    const judgements: Judgement[] = [];
    let unseen = 0;
    const before = cgroup?.throttled();
    for (let i = 0; i < count; i++) {
      const ms = SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS);
      let judgement = await judge(kind, ms, maker, states);
      for (let again = 0; again < MOST_AGAIN && !judgement.isSeen; again++) {
        console.log(`${kind.name}: the judge has not seen all of a stall; once more`);
        unseen++;
        judgement = await judge(kind, ms, maker, states);
      }
      judgements.push(judgement);
    }
    const after = cgroup?.throttled();
    const traced = await maker.end();
    if (before !== undefined && after !== undefined && unseen === 0) {
      const judgedMs = sum(judgements.map(({ throttledMs }) => throttledMs));
      return {
        judgements,
        check: {
          source: 'throttled time of the cgroup',
          ms: after.ms - before.ms,
          judgedMs,
          cpus: cpus().length,
        },
      };
    }
    if (!tracesGc) return { judgements };
    return {
      judgements,
      check: { source: 'pauses by --trace-gc', ...comparePauses(traced, maker) },
    };
  } finally {
    others?.stop();
    cgroup?.remove();
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** All full collections of the process, as V8 has printed them and as the judge got them. */
function comparePauses(traced: string, { majorPauses }: JudgedProcess) {
  const printed = [...traced.matchAll(/ Mark-Compact .*?MB, (?:pooled: .*?MB, )?([\d.]+) \//g)].map(
    ([, ms]) => Number(ms),
  );
  const judgedMs = sum(majorPauses.map(({ startNs, endNs }) => (endNs - startNs) / 1e6));
  return { ms: sum(printed.slice(-majorPauses.length)), judgedMs };
}
