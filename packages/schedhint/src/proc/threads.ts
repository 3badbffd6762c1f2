// Reads what the kernel counts of each thread of a process, from /proc/PID/task. No privilege is needed.

import { readdirSync, readFileSync } from 'node:fs';
import { parseSchedStat } from './schedstat.js';

/** What the kernel counts of one thread. The times and counts are since it began. */
export interface ThreadCounts {
  readonly tid: number;
  /** Its id in the innermost pid namespace that it is in: what the process itself calls it. */
  readonly innerTid: number;
  /** At most 15 bytes, chosen by the program: it may have control characters. */
  readonly name: string;
  /** R: on a CPU or waiting for one, S: sleeps, D: waits for a device, T: stopped, … (proc(5)). */
  readonly state: string;
  /** When it began, in clock ticks since the machine's boot. */
  readonly startTicks: number;
  /** The signals that it blocks: a mask in hexadecimal. */
  readonly blockedSignals: string;
  /** The kernel function that it sleeps in; '' where it runs, or where the kernel does not say. */
  readonly sleepsIn: string;
  /** Time on a CPU in ms. Up to one tick (1 to 10 ms) late. */
  readonly cpuMs: number;
  /** Time in ms that it was ready to run and had no CPU; null on a kernel without schedstat. */
  readonly waitMs: number | null;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  /** Pages that had to be read from a disk first. */
  readonly majorFaults: number;
}

/** /proc counts in hundredths of a second, on every architecture that Node.js runs on. */
const TICK_MS = 10;

/**
 * The threads of a process. One that ends meanwhile is left out.
 *
 * @param process its folder: `/proc/PID`
 * @throws what `readdir` throws: ENOENT, or EACCES under hidepid
 */
export function readThreads(process: string): ThreadCounts[] {
  return readdirSync(`${process}/task`)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readThread(`${process}/task/${name}`, Number(name)))
    .filter((thread) => thread !== null);
}

function readThread(folder: string, tid: number): ThreadCounts | null {
  const stat = statFields(textOf(`${folder}/stat`));
  if (stat === null) return null;
  const status = textOf(`${folder}/status`);
  return {
    tid,
    innerTid: count(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]) || tid,
    ...stat,
    ...times(textOf(`${folder}/schedstat`), stat.cpuMs),
    blockedSignals: /^SigBlk:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '',
    sleepsIn: textOf(`${folder}/wchan`).trim().replace(/^0$/, ''),
    voluntarySwitches: count(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]),
    involuntarySwitches: count(/^nonvoluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]),
  };
}

/** The fields of proc(5)'s stat. The name is between the first `(` and the last `)`, and may have both in it. */
function statFields(text: string) {
  const from = text.indexOf('(');
  const to = text.lastIndexOf(')');
  if (from < 0 || to < from) return null;
  const fields = text
    .slice(to + 1)
    .trim()
    .split(/\s+/);
  // The state is field 3 of the page, and the first one here.
  const field = (number: number) => count(fields[number - 3]);
  return {
    name: text.slice(from + 1, to),
    state: fields[0] ?? '',
    majorFaults: field(12),
    cpuMs: (field(14) + field(15)) * TICK_MS,
    startTicks: field(22),
  };
}

/** A kernel without CONFIG_SCHED_INFO has no such file, or one with three zeroes. */
function times(schedstat: string, cpuMs: number): { cpuMs: number; waitMs: number | null } {
  const counted = parseSchedStat(schedstat);
  if (counted === null || (counted.timeslices === 0 && cpuMs > 0)) return { cpuMs, waitMs: null };
  return { cpuMs: counted.onCpuNs / 1e6, waitMs: counted.runDelayNs / 1e6 };
}

/** A number that the kernel wrote; 0 if it is not one. */
function count(text: string | undefined): number {
  const number = Number(text ?? 0);
  return Number.isFinite(number) && number >= 0 ? number : 0;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
