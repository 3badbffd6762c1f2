// Runs a program of test/peers/guest in the VM, and reads the JSON file that it leaves.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from '../vm/image.mjs';
import { runInVm } from '../vm/machine.mjs';

/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 1500;

/**
 * @typedef {object} GuestOptions
 * @property {string} [kernel] as test/vm/image.mjs names it
 * @property {boolean} [icount] for what measures times
 * @property {number} [cpus] (2)
 * @property {Record<string, string>} [texts] files for the guest, by name
 * @property {string[]} [programs] files for the guest, copied
 */

/**
 * @param {string} guest
 * @param {string[]} args
 * @param {string} result the file that the guest writes
 * @param {GuestOptions} [options] their files are in /run/out of the guest
 * @returns {Promise<any>}
 */
export async function runPeerGuest(
  guest,
  args,
  result,
  { kernel = 'newest', icount = false, cpus = 2, texts = {}, programs = [] } = {},
) {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-peers-'));
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(out, name), text);
    for (const program of programs) copyFileSync(program, join(out, basename(program)));
    const program = relative(
      process.cwd(),
      fileURLToPath(new URL(`guest/${guest}`, import.meta.url)),
    );
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, program, ...args],
      out,
      seconds: SECONDS,
      icount,
      cpus,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`the guest ended with ${code}`);
    return JSON.parse(readFileSync(join(out, result), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/**
 * A row of test/matrix/peers.mjs: prints what was found in the line that its runner reads.
 *
 * @param {() => Promise<{ versions: string, found: string, faults: string[] }>} measure
 */
export async function runRow(measure) {
  try {
    const { versions, found, faults } = await measure();
    for (const fault of faults) console.error(fault);
    console.log(JSON.stringify({ versions, found }));
    process.exitCode = faults.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    console.error(`peers: ${error.message}`);
    process.exitCode = 1;
  }
}
