// The commands of docs/writing-a-scheduler.md, word for word, in an empty folder: what a scheduler's author does first.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = join(ROOT, 'docs/writing-a-scheduler.md');

/** What `npm run build:scheduler` makes, and the commands need. */
export const HEADERS = join(ROOT, 'build/scx/include/vmlinux.h');

/** Where {@link walkForVm} leaves the object: in the checkout, which a VM sees too. */
export const OBJECT = join(ROOT, 'build/walk/fifo.bpf.o');

/** Runs the commands of the page's first shell block. @param {string} home an empty folder */
export function walk(home) {
  const [, commands] = /^```sh\n([\s\S]*?)^```$/m.exec(readFileSync(PAGE, 'utf8'));
  return spawnSync('bash', ['-e', '-c', commands], {
    cwd: home,
    env: { ...process.env, SCHEDHINT: ROOT },
    encoding: 'utf8',
  });
}

/** Builds {@link OBJECT}. Throws with what the commands printed if one fails. */
export function walkForVm() {
  const home = join(OBJECT, '..');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const { status, stderr } = walk(home);
  if (status !== 0) throw new Error(`the commands of ${PAGE} failed:\n${stderr}`);
}
