// Finds the installed Node.js versions, Bun and Deno to test with. A missing one is skipped with a warning; in CI it is an error.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A Node.js to test with. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** The one that runs the tests, and those that package.json next to this file asks for. */
export function nodeBinaries(): NodeBinary[] {
  const others = [22, 24, 26].map((major) =>
    fileURLToPath(new URL(`node_modules/node-${major}/bin/node`, import.meta.url)),
  );
  const binaries: NodeBinary[] = [];
  for (const path of [process.execPath, ...others]) {
    if (!isThere(path)) continue;
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    // The one that runs the tests may be one of the others.
    if (!binaries.some((other) => other.version === version)) binaries.push({ path, version });
  }
  return binaries;
}

/** Another runtime that loads Node-API addons. */
export interface OtherRuntime {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /** What comes before a program's name. */
  readonly run: string[];
  /** The option that preloads a CommonJS file. */
  readonly preload: string;
}

/** Bun and Deno, from the same package.json. */
export function otherRuntimes(): OtherRuntime[] {
  const runtimes = [
    { name: 'Bun', file: 'bun/bin/bun', run: ['run'], preload: '--preload' },
    { name: 'Deno', file: 'deno/deno', run: ['run', '-A'], preload: '--require' },
  ];
  return runtimes.flatMap(({ name, file, run, preload }) => {
    const path = fileURLToPath(new URL(`node_modules/${file}`, import.meta.url));
    if (!isThere(path)) return [];
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().split('\n')[0]!;
    return [{ name, path, version: version.replace(/^deno /, ''), run, preload }];
  });
}

/** They are for linux-x64; elsewhere npm leaves them out. */
function isThere(path: string): boolean {
  if (existsSync(path)) return true;
  if (process.env.CI) throw new Error(`${path} is missing: run npm run setup -- --test`);
  console.warn(`not tested: ${path} is missing`);
  return false;
}
