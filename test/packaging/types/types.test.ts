// The declarations of every entry point, compiled by the oldest and the newest TypeScript that docs/install.md names, without skipLibCheck.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Installed } from '../loading/installed.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const versionOf = (name: string): string =>
  JSON.parse(readFileSync(here(`node_modules/${name}/package.json`), 'utf8')).version;

const PACKAGES = {
  '@schedhint/core': 'core',
  '@schedhint/gc-hooks': 'gc-hooks',
  schedhint: 'schedhint',
};

/** They have types of a package that is not installed here, or are ES modules alone. */
const LEFT_OUT = ['schedhint/fastify', '@schedhint/core/gen'];

const entries = Object.entries(PACKAGES).flatMap(([name, folder]) => {
  const manifest = readFileSync(here(`../../../packages/${folder}/package.json`), 'utf8');
  const { exports } = JSON.parse(manifest) as { exports: object };
  return Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1))
    .filter((entry) => !LEFT_OUT.includes(entry));
});

/** How modules are resolved, and the options and files for that. */
const RESOLUTIONS: Record<string, [string, string[]]> = {
  node16: ['--module node16', ['all.mts', 'all.cts', 'types.mts', 'types.cts']],
  nodenext: ['--module nodenext', ['all.mts', 'all.cts', 'types.mts', 'types.cts']],
  bundler: ['--module esnext --moduleResolution bundler', ['all.ts', 'types.ts']],
  node10: ['--module commonjs --moduleResolution node10', ['all.ts', 'types.ts']],
};

describe.each([
  ['oldest', ['node16', 'nodenext', 'bundler', 'node10']],
  // It has no node10 any more.
  ['newest', ['node16', 'nodenext', 'bundler']],
])('the %s TypeScript', (which, resolutions) => {
  let installed: Installed;
  beforeAll(() => {
    installed = Installed.create();
    const all = entries.map((entry, i) => `export * as e${i} from '${entry}';\n`).join('');
    for (const suffix of ['ts', 'mts', 'cts']) {
      installed.write(`all.${suffix}`, all);
      copyFileSync(here('../install/programs/types.ts'), join(installed.path, `types.${suffix}`));
    }
    mkdirSync(join(installed.path, 'node_modules/@types'));
    const types = here(`node_modules/types-node-${which}`);
    symlinkSync(types, join(installed.path, 'node_modules/@types/node'));
  });
  afterAll(() => installed.remove());

  const compile = (options: string, files: readonly string[]) => {
    const tsc = here(`node_modules/typescript-${which}/bin/tsc`);
    const always = '--strict --noEmit --target es2022 --types node --pretty false'.split(' ');
    const args = [tsc, ...always, ...options.split(' '), ...files];
    return spawnSync(process.execPath, args, { cwd: installed.path, encoding: 'utf8' }).stdout;
  };

  test.each(resolutions)('%s', (resolution) => {
    expect(entries.length).toBeGreaterThan(10);
    expect(compile(...RESOLUTIONS[resolution]!)).toBe('');
  });

  test('a mistake is found: the declarations are not any', () => {
    installed.write(
      'wrong.mts',
      "import { attachThread } from 'schedhint';\nattachThread().hint;\n",
    );
    expect(compile('--module node16', ['wrong.mts'])).toContain("Did you mean 'hints'?");
  });
});

test('docs/install.md names these versions', () => {
  const page = readFileSync(here('../../../docs/install.md'), 'utf8').replaceAll('\n', ' ');
  const [major, minor] = versionOf('typescript-oldest').split('.');
  const newest = versionOf('typescript-newest').split('.').slice(0, 2).join('.');
  expect(page).toContain(`TypeScript ${major}.${minor} to ${newest}`);
  const types = versionOf('types-node-oldest').split('.').slice(0, 2).join('.');
  expect(page).toContain(`\`@types/node\` >= ${types}`);
});
