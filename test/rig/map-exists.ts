// Checks with bpftool whether the kernel still has a BPF map. Any failure of bpftool counts as no.

import { execFileSync } from 'node:child_process';

/** Whether the kernel still has the map of this id. */
export function mapExists(id: number): boolean {
  try {
    execFileSync('bpftool', ['map', 'show', 'id', String(id)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
