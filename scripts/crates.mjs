// Fetches sources that are released on crates.io: of each crate one version, by its checksum. cargo downloads the file and keeps it in its
// cache; nothing of it is compiled by cargo.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExplainedError, output } from './private-apt.mjs';

/** Before 1.85 cargo cannot read the manifest of scx_cargo; before 1.82 it has no `cargo info`. */
export const OLDEST_CARGO = '1.85';

/** SHA-256 of the .crate files. */
const PINNED = {
  // The headers of the scx project, and the kernel's types.
  scx_cargo: {
    version: '1.1.4',
    sha256: 'ab605cfcecba0e27d96f07e16c1d319cb9ba7bd6fcf85520b4db153bda597f59',
  },
  // libbpf's sources.
  'libbpf-sys': {
    version: '1.7.0+v1.7.0',
    sha256: 'a109478760b2900aa2a6f2087e9d0de1d9c535b1758602af2845d5d2ccfaed7c',
  },
};

/** Whether this machine's cargo can fetch them. */
export function hasCargo() {
  const { stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /^cargo (\d+)\.(\d+)\./.exec(stdout ?? '') ?? [];
  const [oldestMajor, oldestMinor] = OLDEST_CARGO.split('.').map(Number);
  if (major === undefined) return false;
  return Number(major) > oldestMajor || Number(minor) >= oldestMinor;
}

/**
 * Unpacks parts of a crate.
 *
 * @param {keyof typeof PINNED} name
 * @param {string[]} members files and folders of the crate
 * @param {string} target a directory that is there
 */
export function unpackCrate(name, members, target) {
  const { version } = PINNED[name];
  const paths = members.map((member) => `${name}-${version}/${member}`);
  output('tar', ['-xzf', fetchCrate(name), '-C', target, '--strip-components=1', ...paths]);
}

/** @returns {string} the .crate file in cargo's cache, checked */
function fetchCrate(name) {
  const { version, sha256 } = PINNED[name];
  const cached = cachedCrate(name);
  if (cached !== undefined) return cached;
  console.error(`fetching ${name} ${version} with cargo`);
  // Not in the checkout: cargo would look for a workspace there. It prints what it knows of the crate, for which it fetches it.
  const { status, stderr, error } = spawnSync('cargo', ['info', '--quiet', `${name}@${version}`], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  const fetched = cachedCrate(name);
  if (fetched !== undefined) return fetched;
  throw new ExplainedError(
    status === 0
      ? `cargo fetched another ${name} ${version} than the pinned one, whose SHA-256 is ${sha256}`
      : `${name} ${version} could not be fetched by cargo >= ${OLDEST_CARGO} (${error?.message ?? `exit code ${status}`}): ${stderr ?? ''}`,
  );
}

/** There is a folder for each registry that cargo was configured for, a mirror for example. */
function cachedCrate(name) {
  const { version, sha256 } = PINNED[name];
  const cache = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'cache');
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .map((registry) => join(cache, registry, `${name}-${version}.crate`))
    .find((file) => existsSync(file) && digestOf(file) === sha256);
}

const digestOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
