// What the scheduler's package ships: programs for each processor, BPF objects, sources, notices; and its command in an empty folder.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../../../scripts/pack.mjs';
import { Binary } from './binary.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = join(root, 'packages/scheduler');
const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-scheduler-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each([
  ['x64', 'Advanced Micro Devices X86-64'],
  ['arm64', 'AArch64'],
])('%s', (arch, machine) => {
  const folder = join(home, `prebuilds/linux-${arch}`);

  test('the program is for that machine, stripped, and needs no library where it runs', () => {
    const program = new Binary(join(folder, 'scx_schedhint'));
    expect(program.read('--file-header')).toContain(machine);
    expect(program.symbolTables()).toEqual([]);
    const headers = program.read('--program-headers');
    expect(headers).toMatch(/ LOAD /);
    expect(headers).not.toMatch(/INTERP|DYNAMIC/);
  });

  test('the object is BPF with BTF, and names no folder of the machine that built it', () => {
    const object = new Binary(join(folder, 'scx_schedhint.bpf.o'));
    expect(object.read('--file-header')).toMatch(/Machine: +Linux BPF/);
    expect(object.read('--sections')).toMatch(/ \.BTF .* \.BTF\.ext /s);
    const bytes = readFileSync(join(folder, 'scx_schedhint.bpf.o'), 'latin1');
    expect(bytes).not.toContain(root.replace(/\/$/, ''));
  });
});

test('the arm64 program runs, in an emulator', () => {
  const program = join(home, 'prebuilds/linux-arm64/scx_schedhint');
  expect(spawnSync('qemu-aarch64-static', [program, '--help'], { encoding: 'utf8' })).toMatchObject(
    { status: 0, stdout: expect.stringMatching(/^Usage: /) },
  );
});

test('the tarball alone, installed in an empty folder, has a command that runs', () => {
  const tarball = pack(join(scratch, 'tarballs')).find(
    ({ name }) => name === '@schedhint/scheduler',
  )!;
  const app = join(scratch, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: app, encoding: 'utf8' });
  const file = join(scratch, 'tarballs', tarball.filename);
  expect(run('npm', 'install', '--offline', '--no-audit', '--no-fund', file)).toMatchObject({
    status: 0,
  });
  expect(readdirSync(join(app, 'node_modules/@schedhint'))).toEqual(['scheduler']);
  for (const command of ['scx_schedhint', '@schedhint/scheduler']) {
    const npx = (...args: string[]) => run('npx', '--no-install', command, ...args);
    expect(npx('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /) });
    expect(npx('--version').stdout).toContain(`scx_schedhint ${version}`);
    expect(npx('--no-such-option')).toMatchObject({ status: 2 });
  }
});

test('its sources are in it: the repository’s, and those of scx that the objects are made from', () => {
  const source = join(home, 'source');
  const names = readdirSync(join(root, 'scheduler')).filter((name) => /\.[ch]$/.test(name));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    const [ours, shipped] = [join(root, 'scheduler', name), join(source, 'scheduler', name)];
    expect(readFileSync(shipped, 'utf8') === readFileSync(ours, 'utf8'), name).toBe(true);
  }
  const headers = join(source, 'build/scx/include/scx');
  expect(readFileSync(join(headers, 'common.bpf.h'), 'utf8')).toContain('GPL-2.0');
});

test('the notices name the libraries that the program is linked with, and no other', () => {
  const build = join(scratch, 'build');
  const made = spawnSync(
    'make',
    [
      ...['-C', join(root, 'scheduler'), `BUILD=${build}`, 'CFLAGS=-O2', 'LDLIBS=-lelf -lz'],
      ...['LDFLAGS=-static -Wl,--trace,--trace', `${build}/scx_schedhint`],
    ],
    { encoding: 'utf8' },
  );
  expect(made, made.stderr).toMatchObject({ status: 0 });
  const archives = [...made.stdout.matchAll(/\/(lib[\w+-]+)\.a\)/g)].map(([, name]) => name!);
  const linked = new Set(archives.filter((name) => !name.startsWith('libgcc')));
  expect([...linked].sort()).toEqual(['libbpf', 'libc', 'libelf', 'libz']);
  const notices = readFileSync(join(home, 'THIRD-PARTY-NOTICES.md'), 'utf8');
  const rows = [...notices.matchAll(/^\| (\w+) \| `.*` \|.*`(licenses\/[\w.-]+)` \|$/gm)];
  expect(rows.map(([, library]) => library)).toEqual(['libbpf', 'libelf', 'zlib', 'glibc']);
  for (const [, library, file] of rows) {
    expect(readFileSync(join(home, file!), 'utf8'), library).toMatch(/copyright/i);
  }
  const pinned = readFileSync(join(root, 'scripts/crates.mjs'), 'utf8');
  const [, libbpf] = /`libbpf-sys ([^`]+)`/.exec(notices)!;
  expect(pinned).toContain(`version: '${libbpf}'`);
});
