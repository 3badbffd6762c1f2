// Installs the packages into the directory of an application, where a package manager puts them. An empty package is next to them, which
// is found and loaded in the same way.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url));
const addon = `prebuilds/linux-${process.arch}/schedhint.node`;

/** Which files of a package are installed: without the other platforms' addons, of which a start sees nothing. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  schedhint: ['dist'],
  '@schedhint/core': ['dist'],
  '@schedhint/gc-hooks': ['dist'],
  '@schedhint/native': ['dist', addon],
};

/** A package with nothing in it, with the entry points of ours: what Node.js itself takes to find and load a file. */
function installEmpty(home: string): void {
  const empty = join(home, 'node_modules', 'empty');
  mkdirSync(empty);
  const entry = (name: string) => ({ import: `./${name}.mjs`, require: `./${name}.cjs` });
  const exports = {
    '.': entry('index'),
    './second': entry('second'),
    './register': entry('register'),
  };
  writeFileSync(join(empty, 'package.json'), JSON.stringify({ name: 'empty', exports }));
  for (const name of ['index', 'second', 'register']) {
    for (const kind of ['mjs', 'cjs']) writeFileSync(join(empty, `${name}.${kind}`), '');
  }
}

/** Calls `use` with the application's directory, which has these programs in it, and removes it afterwards. */
export async function inInstalledApp<R>(
  programs: readonly string[],
  use: (home: string) => R | Promise<R>,
): Promise<R> {
  const home = mkdtempSync(join(tmpdir(), 'schedhint-app-'));
  try {
    for (const [name, files] of Object.entries(FILES)) {
      for (const file of ['package.json', ...files]) {
        const from = join(packages, name.replace('@schedhint/', ''), file);
        cpSync(from, join(home, 'node_modules', name, file), { recursive: true });
      }
    }
    installEmpty(home);
    for (const name of programs) cpSync(join(PROGRAMS, name), join(home, name));
    return await use(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}
