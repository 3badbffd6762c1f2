// The real schedulers of the scx project, built from crates.io into a cache outside of the checkout.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ExplainedError } from '../../scripts/private-apt.mjs';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-peers');
const LLVM = '/usr/lib/llvm-19/bin';
const NEEDS =
  'cargo >= 1.91, and of Debian pkg-config libelf-dev zlib1g-dev libseccomp-dev protobuf-compiler libssl-dev clang-19 llvm-19';

/**
 * Builds a scheduler unless the cache has it: some minutes.
 *
 * @param {string} crate
 * @param {string} version
 * @returns {string} its program
 */
export function scxProgram(crate, version) {
  const root = join(CACHE, `${crate}-${version}`);
  const program = join(root, 'bin', crate);
  if (existsSync(program)) return program;
  mkdirSync(root, { recursive: true });
  console.error(`building ${crate} ${version} in ${CACHE}`);
  const { status, error } = spawnSync(
    'cargo',
    ['install', '--locked', `${crate}@${version}`, '--root', root],
    {
      stdio: ['ignore', 2, 2],
      env: {
        ...process.env,
        PATH: `${LLVM}:${process.env.PATH}`, // the BPF half wants a clang without a version
        BPF_CLANG: join(LLVM, 'clang'),
        CARGO_TARGET_DIR: join(CACHE, 'target'),
      },
    },
  );
  if (status !== 0) {
    throw new ExplainedError(
      `${crate} ${version} could not be built (${error?.message ?? `exit code ${status}`}); it needs ${NEEDS}`,
    );
  }
  return program;
}
