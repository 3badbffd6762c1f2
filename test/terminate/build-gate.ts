// Compiles gate.cc, the addon that stops a thread before a Node-API call.

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Builds gate.cc into a directory. @returns its file */
export function buildGate(directory: string): string {
  const require = createRequire(import.meta.url);
  const gate = join(directory, 'gate.node');
  const headers = join(dirname(require.resolve('node-api-headers')), 'include');
  const source = fileURLToPath(new URL('gate.cc', import.meta.url));
  const options = ['-std=c++17', '-O1', '-shared', '-fPIC', `-I${headers}`];
  execFileSync('c++', [...options, source, '-o', gate], { stdio: 'inherit' });
  return gate;
}
