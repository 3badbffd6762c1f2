// Makes a checkout ready: what the system lacks, the npm packages, the build, a bpffs. Idempotent,
// and fast when there is nothing to do. Everything it says goes to stderr. --lint: only the tools that lint needs.
// --scheduler: the scheduler too, whose build needs cargo.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCargo } from './crates.mjs';
import { ExplainedError } from './private-apt.mjs';

const forTests = process.argv.includes('--test');
const forPackages = process.argv.includes('--pack');
const forMusl = process.argv.includes('--musl');
const forLint = process.argv.includes('--lint');
const forScheduler = forPackages || process.argv.includes('--scheduler'); // a package has it
const root = fileURLToPath(new URL('..', import.meta.url));
const BPFFS = '/sys/fs/bpf';
const BPF_FS_MAGIC = 0xcafe4a11;

/** What a build needs, by the Debian package that brings it, and how to tell that it is there. */
const SYSTEM = [
  ['g++', () => onPath('c++')],
  ['make', () => onPath('make')],
  ['cmake', () => onPath('cmake')],
  ['clang-19', () => onPath('clang-19')], // clang 14, bookworm's own, drops the uptr tag
  ['libbpf-dev', () => existsSync('/usr/include/bpf/libbpf.h')],
  ['libelf-dev', () => existsSync('/usr/include/libelf.h')],
  ['zlib1g-dev', () => existsSync('/usr/include/zlib.h')],
];

/** What the scheduler needs besides: cargo fetches sources for it. */
const FOR_SCHEDULER = [
  // bookworm's own cargo is of 2022; it has a newer one for the browsers.
  [isBookworm() ? 'cargo-web' : 'cargo', hasCargo],
  ['zstd', () => onPath('zstd')],
];

/** What lint needs. */
const FOR_LINT = [
  ['clang-format-19', () => onPath('clang-format-19')],
  ['codespell', () => onPath('codespell')],
];

/** What the packages need besides: they hold programs for another processor. */
const FOR_PACKAGES = [['g++-aarch64-linux-gnu', () => onPath('aarch64-linux-gnu-g++')]];

/** What the addon for musl needs besides: its compiler is a package of PyPI. */
const PIP = ['python3-pip', () => spawnSync('python3', ['-m', 'pip', '--version']).status === 0];

/** What the tests of packages need besides: it runs those programs. */
const FOR_TESTS_OF_PACKAGES = [['qemu-user-static', () => onPath('qemu-aarch64-static')]];

/** What the tests need besides. */
const FOR_TESTS = [
  ['clang-16', () => onPath('clang-16')], // the oldest that is tested
  ['libclang-rt-19-dev', () => existsSync('/usr/lib/llvm-19/lib/clang/19/lib/linux')], // libFuzzer
  ['chromium', () => onPath('chromium')], // opens the page that `schedhint trace --html` writes
  PIP, // PyPI has a Node.js for musl
  ['pkg-config', () => onPath('pkg-config')],
  ['python3', () => onPath('python3')], // a client in it, examples/python
  ['redis-server', () => onPath('redis-server')], // for BullMQ; a test starts its own
  ['bpftool', () => onPath('bpftool') || existsSync('/usr/sbin/bpftool')],
];

function isBookworm() {
  const release = '/etc/os-release';
  return existsSync(release) && /^VERSION_CODENAME=bookworm$/m.test(readFileSync(release, 'utf8'));
}

function onPath(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function installSystemPackages() {
  const wanted = [
    ...(forLint ? FOR_LINT : SYSTEM),
    ...(forScheduler ? FOR_SCHEDULER : []),
    ...(forPackages ? FOR_PACKAGES : []),
    ...(forTests ? FOR_TESTS : []),
    ...(forPackages && forTests ? FOR_TESTS_OF_PACKAGES : []),
    ...(forMusl && !forTests ? [PIP] : []),
  ];
  const missing = wanted.filter(([, isThere]) => !isThere()).map(([name]) => name);
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  if (process.getuid() !== 0 || !onPath('apt-get')) {
    console.error(`Missing on this machine: ${missing.join(', ')}. Run this, then try again:\n`);
    console.error(`  sudo apt-get update && sudo apt-get ${install.join(' ')}\n`);
    process.exit(1);
  }
  console.error(`installing ${missing.join(', ')}`);
  // RUNLEVEL: no daemon that comes with a package is started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [
    ['update', '-qq'],
    ['-qq', ...install],
  ]) {
    execFileSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
  }
}

/** In the root, or where else a package-lock.json is. */
function installNpmPackages(home) {
  const stamp = join(home, 'node_modules', '.installed-for');
  const wanted = createHash('sha256')
    .update(readFileSync(join(home, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error(`installing npm packages${home === root ? '' : ` in ${relative(root, home)}`}`);
  // Not `npm ci`: it fails where a mirror lacks an optional package of another platform.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const install = spawnSync('npm', args, { cwd: home, stdio: ['ignore', 2, 2] });
  if (install.status !== 0) process.exit(install.status ?? 1);
  mkdirSync(join(home, 'node_modules'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Without a bpffs there is nowhere to pin a map. Best effort: the demo and doctor tell more. */
function mountBpffs() {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !existsSync(BPFFS)) return;
  if (statfsSync(BPFFS).type === BPF_FS_MAGIC) return;
  console.error(`mounting a bpffs at ${BPFFS}`);
  spawnSync('mount', ['-t', 'bpf', 'bpf', BPFFS], { stdio: ['ignore', 2, 2] });
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`schedhint needs Node.js 20 or newer, this is ${process.version}`);
  process.exit(1);
}
if (process.platform === 'linux') installSystemPackages();
installNpmPackages(root);
if (forTests) {
  installNpmPackages(join(root, 'test/packaging/node-versions'));
  installNpmPackages(join(root, 'test/packaging/types'));
  installNpmPackages(join(root, 'test/requests'));
  if (forPackages) {
    installNpmPackages(join(root, 'test/packaging/install/arm64'));
    installNpmPackages(join(root, 'test/packaging/jest'));
  }
}
if (forLint) process.exit();
const { build } = await import('./build.mjs');
build({ bpf: process.platform === 'linux' });
if (forScheduler && process.platform === 'linux') {
  const { buildScheduler } = await import('./scheduler.mjs');
  try {
    buildScheduler();
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
if (forPackages && process.platform === 'linux') (await import('./prebuild.mjs')).prebuild();
if (forMusl && process.platform === 'linux') (await import('./prebuild-musl.mjs')).prebuildMusl();
mountBpffs();
