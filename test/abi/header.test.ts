// The headers that a scheduler's author includes: compiled by every clang from 16 that is here, with a minimal vmlinux.h, with the
// running kernel's, and with scx's own headers; and what comes of it, loaded.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const include = at('abi/include');
const READER = at('test/rig/bpf/build/reader');
const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const OLDEST = 16;
const NEWEST = 24;

const runs = (command: string) => spawnSync(command, ['--version']).status === 0;
const versions = Array.from({ length: NEWEST - OLDEST + 1 }, (_, i) => `clang-${OLDEST + i}`);
const compilers = versions.filter(runs);

/** The latest of a crate that cargo has unpacked. */
function crate(name: string): string | undefined {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/src');
  if (!existsSync(sources)) return undefined;
  const crates = readdirSync(sources).flatMap((registry) =>
    readdirSync(join(sources, registry)).map((one) => join(sources, registry, one)),
  );
  return crates
    .filter((one) => new RegExp(`/${name}-[\\d.]+(\\+|$)`).test(one))
    .sort()
    .at(-1);
}

/** The headers with which the schedulers of the scx project are built: theirs, and libbpf's. */
const scx = crate('scx_cargo');
const libbpf = crate('libbpf-sys');
const hasScx = scx !== undefined && libbpf !== undefined && runs('zstd');
if (!hasScx) {
  console.warn(
    'skipped: with the headers of scx: that needs zstd, and what cargo unpacks for npm run matrix -- peers',
  );
}
/** The oldest clang that scx takes. */
const SCX_CLANG = 17;

let scratch: string;

let libbpfHeaders: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-header-'));
  if (existsSync(KERNEL_BTF)) {
    const dump = ['btf', 'dump', 'file', KERNEL_BTF, 'format', 'c'];
    const header = execFileSync('bpftool', dump, { maxBuffer: 1 << 28 });
    writeFileSync(join(scratch, 'vmlinux.h'), header);
  }
  if (!hasScx) return;
  execFileSync('tar', ['--zstd', '-xf', join(scx, 'vmlinux.tar.zst'), '-C', scratch]);
  // They are included as <bpf/...>.
  libbpfHeaders = join(scratch, 'libbpf');
  mkdirSync(libbpfHeaders);
  symlinkSync(join(libbpf, 'libbpf/src'), join(libbpfHeaders, 'bpf'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const arch = { x64: 'x86', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];

/** @returns the object */
function compileBpf(compiler: string, header: string, includes: string[], name: string): string {
  const object = join(scratch, `${compiler}-${name}.bpf.o`);
  const options = ['-target', 'bpf', '-g', '-O2', '-mcpu=v3', `-D__TARGET_ARCH_${arch}`];
  // What others' headers warn of is theirs.
  const paths = [`-I${include}`, ...includes.flatMap((path) => ['-isystem', path])];
  const source = at('test/abi/every-accessor.bpf.c');
  const args = [...options, `-DHEADER=<${header}>`, '-Wall', '-Wextra', '-Werror', ...paths];
  execFileSync(compiler, [...args, '-c', source, '-o', object], { stdio: 'pipe' });
  return object;
}

test('the oldest and the newest supported clang are here', () => {
  expect(compilers).toContain('clang-16');
  expect(compilers).toContain('clang-19');
});

type Row = [name: string, header: string, includes: () => string[]];

function headersFor(compiler: string): Row[] {
  const rows: Row[] = [
    ['a minimal vmlinux.h', 'vmlinux.h', () => [at('observer')]],
    ['the kernel’s vmlinux.h', 'vmlinux.h', () => [scratch]],
  ];
  if (hasScx && Number(compiler.split('-')[1]) >= SCX_CLANG) {
    const vmlinux = () => join(scratch, `vmlinux/arch/${arch}`);
    const paths = () => [
      vmlinux(),
      libbpfHeaders,
      join(scx, 'bpf_h'),
      join(scx, 'bpf_h/bpf-compat'),
    ];
    rows.push(['the headers of scx', 'scx/common.bpf.h', paths]);
  }
  return rows;
}

describeOnKernel('schedhint.bpf.h', () => {
  let bpffs: Bpffs;
  beforeAll(() => {
    bpffs = mountBpffs();
  });
  afterAll(() => bpffs?.unmount());

  describe.each(compilers)('by %s', (compiler) => {
    test.each(headersFor(compiler))(
      'with %s: it compiles, its map has uptr fields, and it loads where it can',
      (...row) => {
        const [name, header, includes] = row;
        const object = compileBpf(compiler, header, includes(), name.replace(/\W/g, '-'));
        const btf = execFileSync('bpftool', ['btf', 'dump', 'file', object], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        });
        expect(btf.match(/TYPE_TAG 'uptr'/g)).toHaveLength(2);
        expect(btf).not.toMatch(/FWD 'schedhint_/);
        // scx's headers ask the kernel for what only one with sched_ext has.
        if (header !== 'vmlinux.h' && !existsSync('/sys/kernel/sched_ext')) return;
        const answer = execFileSync(READER, [object, '--pins', bpffs.path], {
          encoding: 'utf8',
          input: '',
        });
        expect(JSON.parse(answer.split('\n', 1)[0]!)).toMatchObject({ ready: true });
      },
    );
  });
});

test.each([
  ['cc', 'header.c', ['-std=c11']],
  ['c++', 'header.cc', ['-std=c++17']],
])('%s compiles schedhint.h alone', (compiler, name, args) => {
  const file = join(scratch, name);
  writeFileSync(file, '#include <schedhint/schedhint.h>\nstruct schedhint_value value;\n');
  const options = [...args, '-Wall', '-Wextra', '-Werror', '-pedantic', `-I${include}`];
  execFileSync(compiler, [...options, '-fsyntax-only', file], { stdio: 'pipe' });
});
