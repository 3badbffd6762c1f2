// Reads how short of memory a process's cgroup is, of version 1 or 2: how long its tasks waited for memory, and which pages came back.

import { readFileSync } from 'node:fs';
import { cpuCgroupOf } from './cgroup.js';
import { type Pressure, readPressure } from './pressure.js';

/** Where to read it; null: not visible. */
export interface MemoryPlaces {
  /** The folder of the process's memory cgroup. */
  readonly cgroup: string | null;
  /** A file with pressure stall information: of the cgroup (version 2 only), else of the whole machine. */
  readonly pressure: string;
  readonly pressureOf: 'cgroup' | 'machine';
}

/** What has been counted since the cgroup, or the machine, began. */
export interface MemoryCounts {
  /** Null without pressure stall information. */
  readonly pressure: Pressure | null;
  readonly pressureOf: 'cgroup' | 'machine';
  /** Pages that were dropped for want of memory and then needed again; null: not known. */
  readonly refaults: number | null;
}

/** @param proc where procfs is mounted. @throws what `readFileSync` throws: ENOENT when there is no such process */
export function findMemoryPlaces(pid: number, proc: string): MemoryPlaces {
  const found = cpuCgroupOf(
    readFileSync(`${proc}/${pid}/cgroup`, 'utf8'),
    readFileSync(`${proc}/self/mountinfo`, 'utf8'),
    'memory',
  );
  const cgroup = found?.directories[0] ?? null;
  const own = `${cgroup}/memory.pressure`;
  return found?.version === 2 && readPressure(own) !== null
    ? { cgroup, pressure: own, pressureOf: 'cgroup' }
    : { cgroup, pressure: `${proc}/pressure/memory`, pressureOf: 'machine' };
}

/** What is counted there now. */
export function readMemory({ cgroup, pressure, pressureOf }: MemoryPlaces): MemoryCounts {
  return {
    pressure: readPressure(pressure),
    pressureOf,
    refaults: cgroup === null ? null : readRefaults(`${cgroup}/memory.stat`),
  };
}

/** `workingset_refault_file` and `_anon`, before Linux 5.9 one number. */
function readRefaults(file: string): number | null {
  try {
    const lines = readFileSync(file, 'latin1').matchAll(/^workingset_refault\w* (\d{1,20})$/gm);
    const counts = [...lines].map(([, count]) => Number(count));
    return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return null;
  }
}
