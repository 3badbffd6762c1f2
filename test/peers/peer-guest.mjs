// Runs a program of test/peers/guest in the VM, and reads the JSON file that it leaves.

import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { bootGuest } from '../vm/boot.mjs';

/**
 * @param {string} guest
 * @param {string[]} args
 * @param {string} result the file that the guest writes
 * @param {import('../vm/boot.mjs').BootOptions} [options]
 * @returns {Promise<any>}
 */
export function runPeerGuest(guest, args, result, options) {
  const program = fileURLToPath(new URL(`guest/${guest}`, import.meta.url));
  return bootGuest(program, args, { result, ...options });
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
