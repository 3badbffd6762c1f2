// Creates folders for generated TypeScript modules and compiles them with the strict options of this repository.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder from which `schedhint` can be imported; the caller removes it. */
export function moduleFolder(): string {
  const home = join(root, 'test/btf/build');
  mkdirSync(home, { recursive: true });
  const folder = mkdtempSync(join(home, 'module-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const options = { outDir: 'js', rootDir: '.', sourceMap: false, declaration: true };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: options,
      include: ['*.ts'],
    }),
  );
  return folder;
}

/** Compiles all of a folder's modules, strictly, into its folder `js`. @returns what tsc says */
export function compile(folder: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  return stdout + stderr;
}
