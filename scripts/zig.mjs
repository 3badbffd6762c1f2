// The compiler for musl: zig, which brings musl, libc++ and a linker for each processor. PyPI has it. It stays in a cache outside
// of the checkout, with what it has built: its first build of libc++ takes minutes.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './build.mjs';
import { unpackWheel } from './python-wheel.mjs';

const REQUIREMENT = 'ziglang==0.17.1';
/** By the processor of this machine. */
const SHA256 = {
  x64: 'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
  arm64: 'b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e',
};

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-zig');

/** The compiler's file; downloads it once (100 MB). */
function zig() {
  const sha256 = SHA256[process.arch];
  if (sha256 === undefined) throw new Error(`PyPI's zig is for x64 and arm64: ${process.arch}`);
  const home = join(CACHE, sha256);
  if (!existsSync(home)) {
    console.error(`downloading ${REQUIREMENT}`);
    mkdirSync(CACHE, { recursive: true });
    const draft = mkdtempSync(join(CACHE, 'draft-'));
    unpackWheel({ requirement: REQUIREMENT, sha256 }, draft);
    chmodSync(join(draft, 'ziglang/zig'), 0o755);
    // Whole, or not there. Somebody else may have been faster.
    if (!existsSync(home)) renameSync(draft, home);
    rmSync(draft, { recursive: true, force: true });
  }
  return join(home, 'ziglang/zig');
}

/** Runs its C++ compiler in a directory. */
export function zigCxx(cwd, args) {
  const cache = join(CACHE, 'built');
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  run(zig(), ['c++', ...args], { cwd, env });
}
