// Builds live_move_test.cc with memory/live_move.cc and runs it: threads keep storing while MoveIntoFile() moves their memory
// into a memfd.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const src = file('../../packages/native/src');
const include = file('../../abi/include');
const TIMES = '5';

if (process.platform !== 'linux') console.warn(`skipped: mremap(2): this is ${process.platform}`);
test.runIf(process.platform === 'linux')(
  'memory moves into a file: no store is lost, and no half of a group is left to see',
  () => {
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-live-move-'));
    const program = join(scratch, 'test');
    const run = (command: string, args: string[]) => {
      const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
      expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
    };
    try {
      const sources = [file('live_move_test.cc'), `${src}/memory/live_move.cc`];
      const flags = ['-std=c++17', '-O1', '-pthread', `-I${src}`, `-I${include}`];
      run(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program]);
      run(program, [TIMES]);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  },
);
