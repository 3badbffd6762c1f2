// Builds helper_names_test.cc and runs it: which threads are the runtime's helpers, by their names.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

test('helper threads are known by their names, and no others', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-helper-names-'));
  const program = join(scratch, 'test');
  const run = (command: string, args: string[]) => {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
  };
  try {
    const include = `-I${file('../../packages/native/src')}`;
    const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', include];
    run(process.env.CXX ?? 'c++', [...flags, file('helper_names_test.cc'), '-o', program]);
    run(program, []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
