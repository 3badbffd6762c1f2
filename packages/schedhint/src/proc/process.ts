// Reads from /proc what a process is: its command, user, CPUs, environment, parent and children.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** What a process is. */
export interface ProcessFacts {
  /** The name of its main thread. */
  readonly name: string;
  readonly uid: number;
  /** The CPUs that its main thread may run on. */
  readonly allowedCpus: number;
}

/** @param folder `/proc/PID`. @throws what `readFile` throws: ENOENT, EACCES under hidepid */
export function readProcess(folder: string): ProcessFacts {
  const status = readFileSync(`${folder}/status`, 'latin1');
  const field = (name: string) => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    name: field('Name'),
    uid: Number(field('Uid').split('\t')[0]),
    allowedCpus: cpusIn(field('Cpus_allowed_list')),
  };
}

/** The name of its program's file, as the kernel gives it to threads: at most 15 bytes. `node` where that may not be asked. */
export function programName(folder: string): string {
  try {
    return basename(readlinkSync(`${folder}/exe`).replace(/ \(deleted\)$/, '')).slice(0, 15);
  } catch {
    return 'node';
  }
}

/** How many CPUs a list like `0-3,8` names; at least 1. */
function cpusIn(list: string): number {
  const counts = list.split(',').map((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return from !== undefined && to! >= from ? to! - from + 1 : 0;
  });
  return Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
}

/** A variable that the process was started with; null if it has none, or may not be asked. */
export function startVariable(folder: string, name: string): string | null {
  try {
    const variables = readFileSync(`${folder}/environ`, 'utf8').split('\0');
    return variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** The process and all that descend from it, in this pid namespace. A process that ends meanwhile is left out. */
export function withDescendants(root: string, pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync(root)) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(`${root}/${name}`);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = new Set([pid]);
  for (const one of found) for (const child of children.get(one) ?? []) found.add(child);
  return [...found];
}

function parentOf(folder: string): number {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`${folder}/status`, 'latin1'))?.[1]);
  } catch {
    return Number.NaN;
  }
}

/** What a process's descriptors lead to: the path of each in /proc, and its target. @throws EACCES where that may not be asked */
export function descriptorsOf(folder: string): { path: string; target: string }[] {
  return readdirSync(`${folder}/fd`).map((name) => {
    const path = `${folder}/fd/${name}`;
    try {
      return { path, target: readlinkSync(path) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') throw error;
      return { path, target: '' }; // closed since
    }
  });
}

/** Whether a process has mapped a file with such a path; false also where that may not be asked. */
export function mapsFile(folder: string, path: RegExp): boolean {
  try {
    return readFileSync(`${folder}/maps`, 'utf8')
      .split('\n')
      .some((line) => path.test(line));
  } catch {
    return false;
  }
}
