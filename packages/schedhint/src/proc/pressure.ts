// Reads a file of pressure stall information: how long tasks had to wait for memory, I/O or a CPU.

import { readFileSync } from 'node:fs';

/** Times in ms since the cgroup, or the machine, began. */
export interface Pressure {
  /** At least one task waited. */
  readonly someMs: number;
  /** All tasks that were not idle waited. */
  readonly fullMs: number;
}

/** @returns null where the kernel has no such file, or PSI is off. */
export function readPressure(file: string): Pressure | null {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return null;
  }
  const total = (line: string) => {
    const us = new RegExp(`^${line} .*\\btotal=(\\d+)$`, 'm').exec(text)?.[1];
    return us === undefined ? null : Number(us) / 1000;
  };
  const someMs = total('some');
  return someMs === null ? null : { someMs, fullMs: total('full') ?? 0 };
}
