// Builds the programs of this folder, which run parts of the scheduler's loader.

import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('.', import.meta.url));

/** Builds one of them with make, unless it is up to date, and returns its path. */
export function built(name: string): string {
  execFileSync('make', ['-s', '-C', home, `build/${name}`], { stdio: ['ignore', 2, 2] });
  return `${home}build/${name}`;
}

/** Runs one to its end, which must be a good one, and returns the JSON that it printed. */
export function readJson(program: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
