import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const native = file('../../packages/native');
const src = join(native, 'src');
const sourcesIn = (room: string) =>
  readdirSync(join(src, room)).flatMap((name) => (name.endsWith('.cc') ? [`${room}/${name}`] : []));
/** The hook, and what it stands on. */
const OURS = [
  ...sourcesIn('gc'),
  ...sourcesIn('kernel'),
  'channel/hint_element.cc',
  'channel/thread_key.cc',
];

// Linux only: the clock's and the hook's sources are built for nothing else.
if (process.platform !== 'linux') console.warn(`skipped: the GC hook: this is ${process.platform}`);
test.runIf(process.platform === 'linux')('the GC hook, under a V8 that we play', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-gc-hook-'));
  const program = join(scratch, 'test');
  const sources = [file('gc_hook_test.cc'), ...OURS.map((name) => join(src, name))];
  const run = (command: string, args: string[]) => {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
    expect({ status, stderr, error }).toEqual({ status: 0, stderr: '', error: undefined });
  };
  try {
    const include = [`-I${src}`, `-I${native}/../../abi/include`];
    const flags = ['-std=c++17', '-g', '-fsanitize=address,undefined', ...include];
    run(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program]);
    run(program, []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
