// Reads what the whole machine's CPUs have done, from /proc/stat: how busy they were, and what the hypervisor took.

import { readFileSync } from 'node:fs';

/** Times are in ms since the boot, summed over the CPUs. */
export interface MachineCounts {
  readonly cpus: number;
  /** At work for anybody on this machine. */
  readonly busyMs: number;
  readonly idleMs: number;
  /** A CPU had work, and the hypervisor ran something else. */
  readonly stealMs: number;
}

const TICK_MS = 10;

/** @param root where proc is mounted. @returns null where it does not say. */
export function readMachine(root: string): MachineCounts | null {
  let text: string;
  try {
    text = readFileSync(`${root}/stat`, 'latin1');
  } catch {
    return null;
  }
  const all = /^cpu +(\d.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number);
  const cpus = text.match(/^cpu\d+ /gm)?.length ?? 0;
  if (all === undefined || cpus === 0 || !all.every(Number.isFinite)) return null;
  // Guests' times (fields 9 and 10) are in user and nice already.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    all;
  return {
    cpus,
    busyMs: (user + nice + system + irq + softirq) * TICK_MS,
    idleMs: (idle + iowait) * TICK_MS,
    stealMs: steal * TICK_MS,
  };
}
