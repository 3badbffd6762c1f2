// Scans /proc for processes that have both a given BPF map and a BPF program or link open, such as schedulers and observers.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that has a map open, and BPF programs too. */
export interface MapReader {
  readonly pid: number;
  readonly command: string;
}

/**
 * Finds the processes that read a map with BPF programs: a scheduler, an observer. Applications have
 * the map open too, but no programs. Sees only processes whose descriptors this user may look at, in
 * this pid namespace.
 */
export function findMapReaders(mapId: number): MapReader[] {
  const wanted = new RegExp(`^map_id:\\s+${mapId}$`, 'm');
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readsMap(`/proc/${pid}`, wanted))
    .map((pid) => ({
      pid: Number(pid),
      command: orElse(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '?'),
    }));
}

function readsMap(process: string, wanted: RegExp): boolean {
  const descriptors = namesIn(`${process}/fd`).map((fd) => ({
    fd,
    is: orElse(() => readlinkSync(`${process}/fd/${fd}`), ''),
  }));
  return (
    descriptors.some(({ is }) => /^anon_inode:bpf[-_](prog|link)/.test(is)) &&
    descriptors.some(
      ({ fd, is }) =>
        is.startsWith('anon_inode:bpf-map') &&
        wanted.test(orElse(() => readFileSync(`${process}/fdinfo/${fd}`, 'utf8'), '')),
    )
  );
}

function namesIn(directory: string): string[] {
  return orElse(() => readdirSync(directory), []);
}

/** A process may end, or be another user's, at any step. */
function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
