// Mounts a private bpffs in a temporary folder.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A bpffs of the test's own, so that nothing it does shows in /sys/fs/bpf. */
export interface Bpffs {
  readonly path: string;
  /** Of the directory itself: others need to pass it. */
  setMode(mode: number): Promise<void>;
  /** Takes it down, with every pin that is left in it. */
  unmount(): void;
}

export function mountBpffs(): Bpffs {
  const path = mkdtempSync(join(tmpdir(), 'schedhint-bpffs-'));
  execFileSync('mount', ['-t', 'bpf', 'bpf', path]);
  return {
    path,
    setMode: (mode) => chmod(path, mode),
    unmount() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}
