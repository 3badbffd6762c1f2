// The headers that a scheduler author includes, as they are: alone, with a minimal vmlinux.h, by
// every supported clang that is here.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const include = at('packages/native/include');
const compilers = ['clang-16', 'clang-17', 'clang-18', 'clang-19'].filter(
  (name) => spawnSync(name, ['--version']).status === 0,
);
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-header-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function compile(compiler: string, args: string[], source: string, name: string): string {
  const file = join(scratch, name);
  const object = `${file}.o`;
  writeFileSync(file, source);
  execFileSync(
    compiler,
    [...args, '-Wall', '-Wextra', '-Werror', `-I${include}`, '-c', file, '-o', object],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  return object;
}

test('the oldest and the newest supported clang are here', () => {
  expect(compilers).toContain('clang-16');
  expect(compilers).toContain('clang-19');
});

describe.each(compilers)('%s', (compiler) => {
  test('compiles schedhint.bpf.h alone, and its map has two uptr fields', () => {
    const object = compile(
      compiler,
      ['-target', 'bpf', '-g', '-O2', '-mcpu=v3', `-I${at('observer')}`],
      `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <schedhint/schedhint.bpf.h>
SCHEDHINT_MAP(hints);
char _license[] SEC("license") = "Dual BSD/GPL";
SEC("syscall") int touch(void *context) {
  (void)context;
  return bpf_map_delete_elem(&hints, &(int){-1});
}
`,
      `${compiler}.bpf.c`,
    );
    const btf = execFileSync('bpftool', ['btf', 'dump', 'file', object], { encoding: 'utf8' });
    expect(btf.match(/TYPE_TAG 'uptr'/g)).toHaveLength(2);
    expect(btf).not.toMatch(/FWD 'schedhint_/);
  });
});

test.each([
  ['cc', 'header.c', ['-std=c11']],
  ['c++', 'header.cc', ['-std=c++17']],
])('%s compiles schedhint.h alone', (compiler, name, args) => {
  compile(
    compiler,
    args,
    '#include <schedhint/schedhint.h>\nstruct schedhint_value value;\n',
    name,
  );
});
