// Files out of a package of PyPI, known by its hash. pip is PyPI's ordinary client; nothing is installed.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from './private-apt.mjs';

/**
 * Downloads a wheel, checks it, and unpacks it into a directory.
 *
 * @param {{ requirement: string, sha256: string, platform?: string }} wheel the platform is by default this machine's
 * @param {string} target
 */
export function unpackWheel({ requirement, sha256, platform }, target) {
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-wheel-'));
  try {
    const wanted = join(scratch, 'requirements.txt');
    writeFileSync(wanted, `${requirement} --hash=sha256:${sha256}\n`);
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes'];
    const binary = ['--only-binary=:all:', ...(platform ? [`--platform=${platform}`] : [])];
    output('python3', [...pip, ...binary, '--dest', scratch, '--requirement', wanted]);
    const file = readdirSync(scratch).find((name) => name.endsWith('.whl'));
    output('python3', ['-m', 'zipfile', '-e', join(scratch, file), target]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
