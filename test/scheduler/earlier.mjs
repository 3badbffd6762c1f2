// The scheduler that this one replaces, built from its commit: it fails rows that this one must pass, which shows what the rows test.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheOf } from '../peers/results.mjs';

const COMMIT = '0975c083';
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {string} its program, next to the object that it loads */
export function earlierProgram() {
  const home = cacheOf(join('..', `scx_schedhint-${COMMIT}`));
  const program = join(home, 'scheduler/build/scx_schedhint');
  if (existsSync(program)) return program;
  mkdirSync(dirname(home), { recursive: true });
  const draft = mkdtempSync(`${home}-`);
  try {
    const tar = execFileSync('git', ['archive', COMMIT, 'scheduler', 'abi', 'observer'], {
      cwd: root,
      maxBuffer: 2 ** 28,
    });
    execFileSync('tar', ['-x', '-C', draft], { input: tar });
    execFileSync('make', ['-s', '-C', join(draft, 'scheduler')], { stdio: ['ignore', 2, 2] });
    renameSync(draft, home);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return program;
}
