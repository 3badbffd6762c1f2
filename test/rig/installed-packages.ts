// Copies the built packages into a folder as npm would install them: apart from the checkout, and readable for every user.

import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

/** schedhint and what it depends on, without the observer. @returns the file of the command */
export function installSchedhint(folder: string): string {
  chmodSync(folder, 0o755);
  const modules = join(folder, 'node_modules');
  for (const [name, home] of [
    ['schedhint', 'schedhint'],
    ['@schedhint/core', 'core'],
    ['@schedhint/gc-hooks', 'gc-hooks'],
    ['@schedhint/native', 'native'],
  ] as const) {
    const target = join(modules, name);
    mkdirSync(target, { recursive: true });
    for (const part of readdirSync(join(packages, home))) {
      if (['bin', 'dist', 'package.json', 'prebuilds'].includes(part)) {
        cpSync(join(packages, home, part), join(target, part), { recursive: true });
      }
    }
  }
  return join(modules, 'schedhint/bin/schedhint.js');
}
