// Computes the rows of `schedhint top`: the rates and CPU shares of each thread between two snapshots of the observer.

import { GcKind, Runtime } from '@schedhint/core';
import type { ObservedHelper, ObservedThread, Snapshot } from '../../snapshot.js';
import { printable, processName } from '../process-name.js';

/** A thread, over the time between two snapshots. Shares are of that time, 0..1. */
export interface Row {
  readonly pid: number;
  readonly process: string;
  readonly tid: number;
  readonly thread: string;
  readonly role: string;
  /** The language runtime, such as `v8`. */
  readonly runtime: string;
  /** The kind of the collection that it is in; empty: none. */
  readonly gc: string;
  readonly gcShare: number;
  /** Collections a second. */
  readonly gcRate: number;
  readonly cpuShare: number;
  readonly delayShare: number;
  /** A second. */
  readonly preempted: number;
  /** A second. */
  readonly gcPreempted: number;
  readonly urgency: number;
  readonly batch: boolean;
  readonly sliceUs: number;
  /** Milliseconds from now, negative: it has passed; null: none. */
  readonly deadlineMs: number | null;
  readonly phase: string;
}

/** What the helper threads of all processes did. */
export interface HelperTotals {
  readonly threads: number;
  readonly cpuShare: number;
  /** While their process was in a collection. */
  readonly gcShare: number;
}

/** What happened between two snapshots. */
export interface Interval {
  readonly rows: readonly Row[];
  readonly helpers: HelperTotals;
}

const ROLES = ['', 'main', 'worker', 'helper'];
const RUNTIMES = new Map<number, string>(Object.entries(Runtime).map(([name, id]) => [id, name]));
const PHASES = ['', 'starting', 'serving', 'draining'];

/** The threads of the later snapshot, with what they did since the earlier one. */
export function intervalOf(before: Snapshot, now: Snapshot, names: ProcessNames): Interval {
  const earlier = new Map(before.threads.map((thread) => [thread.tid, thread]));
  const ns = Math.max(1, Number(now.ns - before.ns));
  const rows: Row[] = [];
  const helpers = { threads: 0, cpuShare: 0, gcShare: 0 };
  for (const thread of now.threads) {
    const last = earlier.get(thread.tid);
    if (thread.kind === 'helper') {
      const since = sameThread(last, thread);
      helpers.threads++;
      helpers.cpuShare += (thread.feedback.onCpuNs - (since?.feedback.onCpuNs ?? 0)) / ns;
      helpers.gcShare += (thread.helperGcNs - (since?.helperGcNs ?? 0)) / ns;
    } else if (!thread.exited) {
      rows.push(rowOf(sameThread(last, thread), thread, ns, now.ns, names));
    }
  }
  // An estimate from clock ticks, of a part of it.
  helpers.gcShare = Math.min(helpers.gcShare, helpers.cpuShare);
  return { rows, helpers };
}

/** A thread's id may be another's by now: then it counts from nothing. */
function sameThread<T extends ObservedThread | ObservedHelper>(
  last: ObservedThread | ObservedHelper | undefined,
  now: T,
): T | undefined {
  const same =
    last !== undefined &&
    last.kind === now.kind &&
    last.tgid === now.tgid &&
    last.feedback.onCpuNs <= now.feedback.onCpuNs;
  return same ? (last as T) : undefined;
}

function rowOf(
  last: ObservedThread | undefined,
  thread: ObservedThread,
  ns: number,
  nowNs: bigint,
  names: ProcessNames,
): Row {
  const { hints, feedback } = thread;
  const before = last?.feedback;
  const perSecond = (count: number) => (count * 1e9) / ns;
  return {
    pid: thread.tgid,
    process: names.of(thread.tgid),
    tid: thread.tid,
    thread: printable(thread.comm),
    role: ROLES[hints.role] ?? String(hints.role),
    runtime: RUNTIMES.get(thread.runtime) ?? String(thread.runtime),
    gc: kindOf(thread.gc),
    gcShare: Math.min(1, Math.max(0, (thread.gcNs - (last?.gcNs ?? 0)) / ns)),
    gcRate: perSecond(last === undefined ? 0 : (thread.gcCount - last.gcCount) >>> 0),
    cpuShare: Math.min(1, (feedback.onCpuNs - (before?.onCpuNs ?? 0)) / ns),
    delayShare: Math.min(1, (feedback.runDelayNs - (before?.runDelayNs ?? 0)) / ns),
    preempted: perSecond(feedback.preempted - (before?.preempted ?? 0)),
    gcPreempted: perSecond(feedback.gcPreempted - (before?.gcPreempted ?? 0)),
    urgency: hints.urgency,
    batch: hints.batch,
    sliceUs: hints.sliceUs,
    deadlineMs: hints.deadlineNs === 0n ? null : Number(hints.deadlineNs - nowNs) / 1e6,
    phase: PHASES[hints.phase] ?? String(hints.phase),
  };
}

/** Pauses nest: the outermost by weight. */
function kindOf(gc: number): string {
  if (gc === 0) return '';
  if (gc & GcKind.major) return 'major';
  return gc & GcKind.minor ? 'minor' : 'other';
}

/** Processes' command lines are read once. */
export class ProcessNames {
  readonly #names = new Map<number, string>();

  of(pid: number): string {
    let name = this.#names.get(pid);
    if (name === undefined) {
      // Null: it has ended.
      name = processName(pid) ?? '?';
      this.#names.set(pid, name);
    }
    return name;
  }
}
