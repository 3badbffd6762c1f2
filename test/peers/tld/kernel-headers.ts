// The kernel's own files for task local data, by layout: fetched when a row first needs them, pinned by their checksums, and kept
// outside of the checkout. None of them is part of this project.
//
// A  Derived from B's: nothing that is still published has it. torvalds/linux 2ace5271 has the count as a byte, and another license
//    line; with these two differences the file has its length, byte for byte as far as it was read.
// B  scx_cargo 1.1.4 on crates.io: bpf_h/scx/task_local_data.bpf.h, the kernel's file as the scx tree copied it.
// C  Debian's linux-source-7.3 in trixie-backports: tools/testing/selftests/bpf, both halves.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ExplainedError, PrivateApt } from '../../../scripts/private-apt.mjs';

const CACHE = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'schedhint-peers/task-local-data',
);

/** A layout of the map's value and of the names, as docs/channels.md has them. */
export type Layout = 'a' | 'b' | 'c';

/** The kernel's files of a layout. */
export interface KernelFiles {
  /** The BPF half, a header. */
  readonly bpf: string;
  /** The user half, a header. Null: of this layout it is published nowhere. */
  readonly user: string | null;
  /** Whose files they are. */
  readonly from: string;
}

const CRATE = { name: 'scx_cargo', version: '1.1.4' };
const SOURCE = `${CRATE.name} ${CRATE.version}`;
const SUITE = 'trixie-backports';
const SELFTESTS = 'tools/testing/selftests/bpf';
const USER_HALF = 'prog_tests/task_local_data.h';
const BPF_HALF = 'progs/task_local_data.bpf.h';

const SHA256: Readonly<Record<string, string>> = {
  a: 'b43bb976b15153b31cb5e807de87e7357c078ae3963a4356e49d9e83dfe98735',
  b: '85df4135e7ba3fbd2ec5d0a915115fe421f578b934eb4d9b183fbd95073e79d9',
  c: '26ffeeff491331786c6fd830e08e64816e858e5c28cf924d73a1b8b175cb881b',
  'c-user': '90ef3299d11b47aa4a1e9342cab4d13d4cbe020d4c4894ebc1d5cdc679eb1dc1',
};

/**
 * Fetches the files of a layout unless the cache has them.
 *
 * @throws ExplainedError if they cannot be fetched, or are not those that were read when this was written
 */
export function kernelFiles(layout: Layout): KernelFiles {
  switch (layout) {
    case 'a':
      return { bpf: file('a', deriveA), user: null, from: `made of the file in ${SOURCE}` };
    case 'b':
      return { bpf: file('b', readCrate), user: null, from: SOURCE };
    case 'c': {
      const bpf = file('c', readDebian);
      return { bpf, user: file('c-user', readDebian), from: 'Linux 7.3 as in Debian' };
    }
  }
}

/** @param read gives the contents of files by their name in the cache */
function file(name: string, read: () => Record<string, string>): string {
  const path = join(CACHE, `${name}.h`);
  if (!existsSync(path)) {
    mkdirSync(CACHE, { recursive: true });
    for (const [other, text] of Object.entries(read())) {
      checkSum(other, text);
      writeFileSync(join(CACHE, `${other}.h`), text);
    }
  }
  checkSum(name, readFileSync(path, 'utf8'));
  return path;
}

function checkSum(name: string, text: string): void {
  const sum = createHash('sha256').update(text).digest('hex');
  if (sum === SHA256[name]) return;
  throw new ExplainedError(
    `the kernel's file for layout ${name} has the SHA-256 ${sum}, not ${SHA256[name]}: read what changed in it, and pin the new one in test/peers/tld/kernel-headers.ts`,
  );
}

function deriveA(): Record<string, string> {
  const changes = [
    ['(LGPL-2.1 OR BSD-2-Clause)', 'GPL-2.0'],
    ['\t__u16 cnt;\n', '\t__u8 cnt;\n'],
  ] as const;
  let text = readFileSync(kernelFiles('b').bpf, 'utf8');
  for (const [from, to] of changes) text = text.replace(from, to);
  return { a: text };
}

/** Cargo fetches the dependencies of a package, and says where they are. */
function readCrate(): Record<string, string> {
  const home = mkdtempSync(join(CACHE, 'crate-'));
  try {
    const manifest = join(home, 'Cargo.toml');
    mkdirSync(join(home, 'src'));
    writeFileSync(join(home, 'src/lib.rs'), '');
    writeFileSync(
      manifest,
      `[package]\nname = "needs"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n${CRATE.name} = "=${CRATE.version}"\n[workspace]\n`,
    );
    const said = run('cargo', ['metadata', '--format-version', '1', '--manifest-path', manifest]);
    const { packages } = JSON.parse(said) as {
      packages: { name: string; manifest_path: string }[];
    };
    const crate = packages.find(({ name }) => name === CRATE.name)!;
    const path = join(dirname(crate.manifest_path), 'bpf_h/scx/task_local_data.bpf.h');
    return { b: readFileSync(path, 'utf8') };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Debian's package has the kernel's sources in one archive of 160 MB. Only two files of it are kept. */
function readDebian(): Record<string, string> {
  const target = mkdtempSync(join(CACHE, 'debian-'));
  const apt = new PrivateApt(CACHE, [SUITE]);
  try {
    const name = newest(apt.names('linux-source-'));
    console.error(`downloading ${name} of Debian ${SUITE}: 160 MB`);
    apt.unpack([name], target);
    const inArchive = (path: string) => `${name}/${SELFTESTS}/${path}`;
    const paths = [inArchive(BPF_HALF), inArchive(USER_HALF)];
    const archive = join(target, `usr/src/${name}.tar.xz`);
    run('tar', ['-xJf', archive, '-C', target, '--occurrence', ...paths]);
    const [bpf, user] = paths.map((path) => readFileSync(join(target, path), 'utf8'));
    return { c: bpf!, 'c-user': user! };
  } finally {
    apt.remove();
    rmSync(target, { recursive: true, force: true });
  }
}

/** The package of the newest kernel: names like linux-source-7.3. */
function newest(names: readonly string[]): string {
  const versions = names.flatMap((name) => {
    const [, major, minor] = /^linux-source-(\d+)\.(\d+)$/.exec(name) ?? [];
    return major === undefined ? [] : [{ name, order: Number(major) * 1000 + Number(minor) }];
  });
  const [first] = versions.sort((a, b) => b.order - a.order);
  if (first !== undefined) return first.name;
  throw new ExplainedError(`Debian ${SUITE} has no package of the kernel's sources`);
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  } catch (error) {
    throw new ExplainedError(`${command} ${args[0]} failed: ${(error as Error).message}`);
  }
}
