// Runs a program of test/peers/guest in the VM and hands over the JSON that it wrote.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from '../vm/image.mjs';
import { runInVm } from '../vm/machine.mjs';

/**
 * @param {object} options
 * @param {string} options.guest file name in test/peers/guest
 * @param {unknown} options.input its argument, as JSON
 * @param {Record<string, string>} [options.files] by name: they are in /run/out
 * @param {string} [options.kernel]
 * @param {number} options.cpus
 * @param {number} options.seconds a bound for a VM that hangs, not a limit on speed
 * @returns {Promise<any>} what it wrote to measured.json
 */
export async function runGuest({ guest, input, files = {}, kernel = 'newest', cpus, seconds }) {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-peers-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
    const program = fileURLToPath(new URL(`guest/${guest}`, import.meta.url));
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, relative(process.cwd(), program), JSON.stringify(input)],
      out,
      cpus,
      seconds,
      icount: true,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`${guest} ended in the VM with ${code}`);
    return JSON.parse(readFileSync(join(out, 'measured.json'), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
