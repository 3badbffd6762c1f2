// Builds and declares native/probe.c, an addon that looks at addresses, forks without
// exec, execs in place and makes the kernel refuse deletions from BPF maps.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** native/probe.c, as a process that has loaded it sees it. */
export interface NativeProbe {
  /** Where bytes lie. */
  place(bytes: Uint8Array): { page: number; offset: number };
  /** Forks without exec. The child stores zeroes into the bytes and waits. @returns its pid */
  fork(bytes: Uint8Array): number;
  /** The child does one system call and exits. What was in the bytes before and after. */
  finishChild(): { status: number; found: ArrayBuffer; left: ArrayBuffer };
  /** Replaces the process by `sh -c command`. */
  exec(command: string): never;
  /** The file's bytes, each page read from the file when it is touched. */
  mapFile(path: string): ArrayBuffer;
  /** The calling thread can delete no element of a BPF map any more: EPERM. */
  refuseDeletes(): void;
  /** Starts a thread that waits, as any library has them, with the name of the calling one. @returns its tid */
  startThread(): number;
}

const source = fileURLToPath(new URL('native/probe.c', import.meta.url));
const built = fileURLToPath(new URL('native/build/probe.node', import.meta.url));

/** Builds native/probe.c if it is not. @returns the path of the addon */
export function buildNativeProbe(): string {
  if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return built;
  const require = createRequire(import.meta.url);
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  mkdirSync(dirname(built), { recursive: true });
  const scratch = `${built}.${process.pid}`;
  const flags = ['-shared', '-fPIC', '-pthread', '-O1', '-Wall', '-Werror', `-I${headers}`];
  execFileSync(process.env.CC ?? 'cc', [...flags, source, '-o', scratch]);
  renameSync(scratch, built);
  return built;
}
