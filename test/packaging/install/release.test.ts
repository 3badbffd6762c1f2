// A dry run of a release, in a copy: what `npm run release:version` would write to the manifests, and what would be
// published then.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publishedPackages } from '../../../scripts/pack.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const changesets = join(
  dirname(createRequire(import.meta.url).resolve('@changesets/cli/package.json')),
  'bin.js',
);
const packages = publishedPackages();

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifestIn = (home: string, name: string): Manifest =>
  JSON.parse(readFileSync(join(home, 'packages', name, 'package.json'), 'utf8'));

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'schedhint-release-'));
  const files = ['package.json', '.changeset/config.json', ...packages.map((p) => `packages/${p}`)];
  for (const file of files) {
    const filter = (source: string) => !['build', 'node_modules'].includes(basename(source));
    cpSync(join(root, file), join(copy, file), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const change = '---\n"@schedhint/native": minor\n---\n\nA dry run.\n';
  writeFileSync(join(copy, '.changeset/dry-run.md'), change);
  execFileSync(process.execPath, [changesets, 'version'], { cwd: copy, stdio: 'pipe' });
});
afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

test('every package moves to the same next version, and what they ask of each other', () => {
  const [major, minor] = manifestIn(root, 'schedhint').version.split('.').map(Number);
  const next = `${major}.${minor! + 1}.0`; // a peer dependency would make it the next major
  const names = packages.map((name) => manifestIn(copy, name).name);
  for (const name of packages) {
    const { version, dependencies } = manifestIn(copy, name);
    expect({ name, version }).toEqual({ name, version: next });
    const ours = Object.entries(dependencies ?? {}).filter(([other]) => names.includes(other));
    expect(ours, name).toEqual(ours.map(([other]) => [other, next]));
  }
});

test('npm would publish them all', () => {
  const args = ['publish', '--workspaces', '--dry-run', '--access', 'public', '--json'];
  const said = execFileSync('npm', args, {
    cwd: copy,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const name of packages) {
    const { name: published, version } = manifestIn(copy, name);
    expect(said).toContain(`"id": "${published}@${version}"`);
  }
});
