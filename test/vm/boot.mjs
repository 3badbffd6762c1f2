// Boots a VM once for a program of a guest folder, and reads the JSON file that the program leaves.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from './image.mjs';
import { runInVm } from './machine.mjs';

/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 3000;

/**
 * @typedef {object} BootOptions
 * @property {string} [result] the file that the program writes to $SCHEDHINT_VM_OUT (measured.json)
 * @property {string} [kernel] as image.mjs names it (newest)
 * @property {boolean} [icount] for what measures times
 * @property {string[]} [node] options for Node.js
 * @property {number} [cpus] (2)
 * @property {string} [topology]
 * @property {number} [seconds]
 * @property {Record<string, string>} [texts] files for the guest's /run/out, by name
 * @property {string[]} [programs] files for the same place, copied
 */

/**
 * @param {string} program the path of a program for Node.js
 * @param {string[]} args
 * @param {BootOptions} [options]
 * @returns {Promise<any>} the JSON that it wrote
 */
export async function bootGuest(
  program,
  args,
  {
    result = 'measured.json',
    kernel = 'newest',
    texts = {},
    programs = [],
    node = [],
    ...options
  } = {},
) {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-boot-'));
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(out, name), text);
    for (const file of programs) copyFileSync(file, join(out, basename(file)));
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, ...node, relative(process.cwd(), program), ...args],
      out,
      cpus: 2,
      seconds: SECONDS,
      ...options,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`the guest ended with ${code}`);
    return JSON.parse(readFileSync(join(out, result), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
