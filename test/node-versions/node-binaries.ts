import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A Node.js to test with. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** The system's own. npm puts a directory with one of ours before it. */
function systemNode(): string[] {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const outside = directories.filter((directory) => !directory.includes('node_modules'));
  const path = outside.map((directory) => join(directory, 'node')).find(existsSync);
  return path === undefined ? [] : [path];
}

/** The system's, the one that runs the tests, and those that package.json asks for. */
export function nodeBinaries(): NodeBinary[] {
  const others = [22, 24, 26].map((major) =>
    fileURLToPath(new URL(`../../node_modules/node-${major}/bin/node`, import.meta.url)),
  );
  const binaries: NodeBinary[] = [];
  for (const path of [...systemNode(), process.execPath, ...others]) {
    if (!existsSync(path)) {
      // They are for linux-x64; elsewhere npm leaves them out.
      if (process.env.CI) throw new Error(`${path} is missing: run npm ci`);
      console.warn(`not tested: ${path} is missing`);
      continue;
    }
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    // The one that runs the tests may be one of the others.
    if (!binaries.some((other) => other.version === version)) binaries.push({ path, version });
  }
  return binaries;
}
