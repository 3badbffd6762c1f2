// A row about a scheduler that integrations/scx was applied to: it loads on each kernel, its decisions follow hints, without --hints its
// programs are those that are released, and a liar does not starve others.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from '../vm/image.mjs';
import { runInVm } from '../vm/machine.mjs';
import { scxProgram } from './scx-program.mjs';

const KERNELS = ['newest', '6.17'];
/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 1200;
/**
 * In percent of the instructions of all operations, as they are loaded: what is left of each hook without --hints is the load of a
 * constant, 3 instructions. How many run at a switch, the row of the costs counts.
 */
const SAME_INSTRUCTIONS = 3;

/** Of the CPU time that they have next to others who say nothing, what is left to threads next to liars at least. */
const SHARE = 0.25;

/** What a program of guest/ writes to a file. */
async function inVm(kernel, icount, guest, programs, result) {
  const image = kernelImage(kernel);
  if ('missing' in image) throw new ExplainedError(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-peers-'));
  try {
    const file = fileURLToPath(new URL(`guest/${guest}`, import.meta.url));
    const code = await runInVm({
      vmlinux: image.vmlinux,
      icount,
      command: [process.execPath, relative(process.cwd(), file), ...programs],
      out,
      seconds: SECONDS,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`${guest} on ${kernel} ended with ${code}`);
    return JSON.parse(readFileSync(join(out, result), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const total = (instructions) => Object.values(instructions).reduce((sum, n) => sum + n, 0);

function report({ kernel, instructions, hinted }, faults) {
  const [released, off, on] = ['released', 'off', 'on'].map((name) => total(instructions[name]));
  const change = (100 * (off - released)) / released;
  if (Math.abs(change) > SAME_INSTRUCTIONS)
    faults.push(`${kernel}: ${off} instructions without --hints, ${released} as released`);
  const decisions = Object.entries(hinted).map(([name, count]) => `${name} ${count}`);
  return `Linux ${kernel}: decisions changed: ${decisions.join(', ')}; instructions of all operations ${released} as released, ${off} without --hints, ${on} with`;
}

/** @param {{ quiet: { cpu: number, longestMs: number }, lying: { cpu: number, longestMs: number } }} liar @param {number} watchdogMs */
function reportLiar({ quiet, lying }, watchdogMs, faults) {
  if (lying.longestMs >= watchdogMs)
    faults.push(`next to a liar others waited ${lying.longestMs} ms, its bound is ${watchdogMs}`);
  if (lying.cpu < SHARE * quiet.cpu)
    faults.push(`next to liars others had ${lying.cpu} s of CPU, and ${quiet.cpu} s without a lie`);
  return `two hogs next to two others had ${quiet.cpu} s of CPU in 10 s and waited ${quiet.longestMs} ms at most, next to two liars ${lying.cpu} s and ${lying.longestMs} ms (its own bound: ${watchdogMs} ms)`;
}

/**
 * Runs the row and prints its result for scripts/matrix.mjs.
 *
 * @param {string} crate
 * @param {string} version
 * @param {number} watchdogMs the scheduler's own bound: a task that waits for longer ends it (ops.timeout_ms)
 */
export async function runRow(crate, version, watchdogMs) {
  try {
    const programs = [scxProgram(crate, version, { hints: true }), scxProgram(crate, version)];
    prepareImages(KERNELS);
    const faults = [];
    const found = [];
    for (const kernel of KERNELS)
      found.push(
        report(await inVm(kernel, false, 'scx-hints.mjs', programs, 'found.json'), faults),
      );
    const liar = await inVm('newest', true, 'scx-liar.mjs', programs.slice(0, 1), 'liar.json');
    found.push(reportLiar(liar, watchdogMs, faults));
    for (const fault of faults) console.error(fault);
    console.log(
      JSON.stringify({ versions: `${crate} ${version}`, found: [...found, ...faults].join('; ') }),
    );
    process.exitCode = faults.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    console.error(`peers: ${error.message}`);
    process.exitCode = 1;
  }
}
