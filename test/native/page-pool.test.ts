// Builds page_pool_test.cc with memory/ and kernel/ and runs it: pages of 4, 16 and 64 KiB.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const src = file('../../packages/native/src');
const sourcesOf = (room: string) =>
  readdirSync(join(src, room))
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(src, room, name));

if (process.platform !== 'linux') console.warn(`skipped: madvise(2): this is ${process.platform}`);
test.runIf(process.platform === 'linux')('no block crosses a page, whatever its size', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-page-pool-'));
  const program = join(scratch, 'test');
  const run = (command: string, args: string[]) => {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
  };
  try {
    const sources = [file('page_pool_test.cc'), ...sourcesOf('memory'), ...sourcesOf('kernel')];
    const flags = ['-std=c++17', '-O1', '-pthread', `-I${src}`, `-I${src}/../../../abi/include`];
    run(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program]);
    run(program, []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
