// Builds kernel-client.c, an addon that is the kernel's own user half of task local data, and declares what it exports.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The addon, in a process that has loaded it. Values are numbers of 8 bytes, of the calling thread. */
export interface KernelClient {
  /** The map that all threads of the process use from the first call on. @returns 0, or -errno */
  open(path: string): number;
  /** Makes the key if the process has none of that name. @returns 1, or 0 if the thread has no values */
  set(name: string, value: number): number;
  /** -1 if the thread has no values. */
  get(name: string): number;
}

/**
 * @param header the kernel's task_local_data.h
 * @param file the addon to make
 */
export function buildKernelClient(header: string, file: string): void {
  const require = createRequire(import.meta.url);
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  execFileSync(process.env.CC ?? 'cc', [
    ...['-shared', '-fPIC', '-O1', '-std=gnu11', '-Wall', '-Werror', '-Wno-unused-function'],
    ...[`-I${headers}`, `-DTLD_HEADER="${header}"`, '-D_GNU_SOURCE'],
    ...[fileURLToPath(new URL('kernel-client.c', import.meta.url)), '-o', file, '-lbpf'],
  ]);
}
