import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A Node.js to test with. */
export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** The one that runs the tests, and those that package.json beside this file asks for. */
export function nodeBinaries(): NodeBinary[] {
  const others = [22, 24, 26].map((major) =>
    fileURLToPath(new URL(`node_modules/node-${major}/bin/node`, import.meta.url)),
  );
  const binaries: NodeBinary[] = [];
  for (const path of [process.execPath, ...others]) {
    if (!existsSync(path)) {
      // They are for linux-x64; elsewhere npm leaves them out.
      if (process.env.CI) throw new Error(`${path} is missing: run npm run setup -- --test`);
      console.warn(`not tested: ${path} is missing`);
      continue;
    }
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    // The one that runs the tests may be one of the others.
    if (!binaries.some((other) => other.version === version)) binaries.push({ path, version });
  }
  return binaries;
}
