// Reads from /proc which descriptors, threads and block memory a process holds, and subtracts those of a control process.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Kernel resources that a process holds. */
export interface Held {
  /** What each descriptor leads to. */
  readonly descriptors: readonly string[];
  /** The names of its threads. */
  readonly threads: readonly string[];
  /** Of mappings in which blocks lie, KiB. */
  readonly blocksKiB: number;
}

/** What a process holds now, as the kernel reports it. */
export function heldBy(pid: number): Held {
  return {
    descriptors: entries(pid, 'fd').map((fd) => kindOf(() => readlinkSync(fd))),
    threads: entries(pid, 'task').map((task) =>
      kindOf(() => readFileSync(`${task}/comm`, 'utf8').trim()),
    ),
    blocksKiB: blocksOf(readFileSync(`/proc/${pid}/maps`, 'utf8')),
  };
}

/** What one process holds more than another. */
export function beyond(held: Held, control: Held): Held {
  return {
    descriptors: without(held.descriptors, control.descriptors),
    threads: without(held.threads, control.threads),
    blocksKiB: held.blocksKiB - control.blocksKiB,
  };
}

function entries(pid: number, what: 'fd' | 'task'): string[] {
  return readdirSync(`/proc/${pid}/${what}`).map((name) => `/proc/${pid}/${what}/${name}`);
}

/** Without what makes it one of its kind; '' if it has gone since. */
function kindOf(read: () => string): string {
  try {
    const name = read();
    return name.replace(/^anon_inode:\[?/, '').replace(/:?\[\d+\]$|\]$/, '');
  } catch {
    return '';
  }
}

/** Shared memory without a file, or that of a memfd. Node.js itself has none. */
function blocksOf(maps: string): number {
  return maps
    .split('\n')
    .filter((line) => /\/dev\/zero \(deleted\)$|\/memfd:schedhint/.test(line))
    .map((line) => line.split(' ')[0]!.split('-'))
    .reduce((sum, [from, to]) => sum + (Number(`0x${to}`) - Number(`0x${from}`)) / 1024, 0);
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return names
    .filter((name) => {
      const index = left.indexOf(name);
      if (index >= 0) left.splice(index, 1);
      return index < 0 && name !== '';
    })
    .sort();
}
