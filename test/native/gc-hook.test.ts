import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** What the hook stands on. */
const OURS = [
  'gc_hook',
  'hint_element',
  'bpf_syscall',
  'map_check',
  'map_probe',
  'monotonic_clock',
  'thread_key',
];
const src = file('../../packages/native/src');

// Linux only: the clock's and the hook's sources are built for nothing else.
if (process.platform !== 'linux') console.warn(`skipped: the GC hook: this is ${process.platform}`);
test.runIf(process.platform === 'linux')('the GC hook, under a V8 that we play', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-gc-hook-'));
  const program = join(scratch, 'test');
  const sources = [file('gc_hook_test.cc'), ...OURS.map((name) => `${src}/${name}.cc`)];
  const run = (command: string, args: string[]) => {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
  };
  try {
    const flags = ['-std=c++17', '-g', '-fsanitize=address,undefined', `-I${src}`];
    run(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program]);
    run(program, []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
