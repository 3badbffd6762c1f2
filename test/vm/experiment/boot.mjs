// One run of the experiment: boots a VM whose time counts instructions, for one scenario under one arm.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from '../image.mjs';
import { runInVm } from '../machine.mjs';

const GUEST = fileURLToPath(new URL('guest', import.meta.url));
/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 3000;

/**
 * @param {object} input of guest/measure.mjs
 * @param {{ kernel: string, cpus: number, texts?: Record<string, string> }} machine
 * @returns {Promise<any>} what it measured
 */
export async function bootOnce(input, { kernel, cpus, texts = {} }) {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  execFileSync('make', ['-s', '-C', GUEST], { stdio: ['ignore', 2, 2] });
  const out = mkdtempSync(join(tmpdir(), 'schedhint-experiment-'));
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(out, name), text);
    const program = relative(process.cwd(), join(GUEST, 'measure.mjs'));
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, program, JSON.stringify(input)],
      out,
      cpus,
      icount: true,
      seconds: SECONDS,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`the guest ended with ${code}`);
    return JSON.parse(readFileSync(join(out, 'measured.json'), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
