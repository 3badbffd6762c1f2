// Packs every package as it would be published: `npm run pack -- [DIRECTORY]`, by default build/packages.
// Prints each tarball and its size, and fails if one is larger than scripts/lint/package-sizes.config.mjs allows. setup.mjs --pack
// has made what is in them.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './build.mjs';
import { judgeSize } from './lint/package-sizes.mjs';

/** The packages that are published, by their directory under packages/. */
export function publishedPackages() {
  return readdirSync(join(root, 'packages')).filter((name) => {
    const manifest = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8');
    return JSON.parse(manifest).private !== true;
  });
}

/**
 * Packs what is built.
 *
 * @param {string} directory where the tarballs go; emptied first
 * @returns {{ name: string, filename: string, size: number, files: { path: string }[] }[]} what npm says of each
 */
export function pack(directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const homes = publishedPackages().map((name) => `./packages/${name}`);
  const args = ['pack', ...homes, '--json', '--pack-destination', directory];
  const said = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(said);
}

/** What is published holds the addon for each platform. */
const PLATFORMS = ['linux-arm64', 'linux-arm64-musl', 'linux-x64', 'linux-x64-musl'];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const addons = PLATFORMS.map((platform) => `native/prebuilds/${platform}/schedhint.node`);
  const schedulers = ['x64', 'arm64'].map((arch) => `scheduler/prebuilds/linux-${arch}`);
  for (const file of [...addons, ...schedulers].map((path) => `packages/${path}`)) {
    if (!existsSync(join(root, file)))
      throw new Error(`${file} is missing: npm run pack builds it`);
  }
  const directory = resolve(process.argv[2] ?? join(root, 'build/packages'));
  for (const tarball of pack(directory)) {
    const { text, fits } = judgeSize(tarball);
    console.log(relative(process.cwd(), join(directory, tarball.filename)));
    console.log(`  ${text}${fits ? '' : ': too large'}`);
    if (!fits) process.exitCode = 1;
  }
}
