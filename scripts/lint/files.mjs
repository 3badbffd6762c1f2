// The files of the checkout: those that Git has or would add.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string[]} patterns Git's; none: all files. @returns {string[]} their paths from the root */
export function filesOf(...patterns) {
  const args = ['ls-files', '-co', '--exclude-standard', '-z', ...patterns];
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}
