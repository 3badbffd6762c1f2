// The real schedulers of the scx project, built from crates.io into a cache outside of the checkout: as they are, or with
// integrations/scx applied to them.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ApplyError, applyHints, ingredientsOf } from '../../integrations/scx/apply.mjs';
import { ExplainedError } from '../../scripts/private-apt.mjs';

/** What is built of other people's programs, and of their libraries. */
export const CACHE = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'schedhint-peers',
);
const LLVM = '/usr/lib/llvm-19/bin';
const NEEDS =
  'cargo >= 1.91, and of Debian pkg-config libelf-dev zlib1g-dev libseccomp-dev protobuf-compiler libssl-dev clang-19 llvm-19';

/**
 * Builds a scheduler unless the cache has it: some minutes.
 *
 * @param {string} crate
 * @param {string} version
 * @param {{ hints?: boolean, apply?: string[] }} [options] `hints`: with the scheduler's folder of integrations/scx applied;
 *   `apply`: with these folders instead, in this order
 * @returns {string} its program
 */
export function scxProgram(
  crate,
  version,
  { hints = false, apply = hints ? [nameOf(crate)] : [] } = {},
) {
  const applied = apply.length > 0 ? `-${apply.join('-')}-${hashOf(apply)}` : '';
  const root = join(CACHE, `${crate}-${version}${applied}`);
  const program = join(root, 'bin', crate);
  if (existsSync(program)) return program;
  mkdirSync(root, { recursive: true });
  const shown = apply.map((name) => ` with ${name}`).join('');
  console.error(`building ${crate} ${version}${shown} in ${CACHE}`);
  const what =
    apply.length > 0
      ? ['--path', sourceWith(apply, crate, version, root)]
      : [`${crate}@${version}`];
  cargo(`${crate} ${version}`, ['install', '--locked', ...what, '--root', root]);
  return program;
}

/** Runs cargo to build a program, into the one directory that all of them share. @param {string} what it builds @param {string[]} args */
export function cargo(what, args) {
  const { status, error } = spawnSync('cargo', args, {
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      PATH: `${LLVM}:${process.env.PATH}`, // the BPF half needs a clang without a version
      BPF_CLANG: join(LLVM, 'clang'),
      CARGO_TARGET_DIR: join(CACHE, 'target'),
    },
  });
  if (status === 0) return;
  throw new ExplainedError(
    `${what} could not be built (${error?.message ?? `exit code ${status}`}); it needs ${NEEDS}`,
  );
}

const nameOf = (crate) => crate.replace(/^scx_/, '');

/** Another one for whatever changes in what is applied, so that an old program is never taken for the new one. */
function hashOf(apply) {
  const hash = createHash('sha256');
  for (const file of apply.flatMap(ingredientsOf)) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/** A copy of the crate's source in `root`, with edits applied. */
function sourceWith(apply, crate, version, root) {
  const copy = join(root, 'source');
  rmSync(copy, { recursive: true, force: true }); // of a build that was interrupted
  cpSync(sourceOf(crate, version), copy, { recursive: true });
  try {
    for (const name of apply) applyHints(name, copy);
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    throw new ExplainedError(`the edits do not fit ${crate} ${version}: ${error.message}`);
  }
  return copy;
}

/** Where cargo keeps a crate's source. It is fetched if it is not there; cargo alone knows from where. */
export function sourceOf(crate, version) {
  const registries = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'registry', 'src');
  const { status, stderr } = spawnSync('cargo', ['info', '--quiet', `${crate}@${version}`], {
    encoding: 'utf8',
  });
  const found = existsSync(registries)
    ? readdirSync(registries)
        .map((registry) => join(registries, registry, `${crate}-${version}`))
        .find((source) => existsSync(join(source, 'Cargo.toml')))
    : undefined;
  if (found !== undefined) return found;
  throw new ExplainedError(
    `the source of ${crate} ${version} could not be fetched (cargo info: exit code ${status}): ${stderr}`,
  );
}
