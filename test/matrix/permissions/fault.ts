// fault.ts FAULT: one row of test/faults, whose scheduler reads in the kernel what the app hints. The app ends with 0.

import assert from 'node:assert/strict';
import { release } from 'node:os';
import { play } from '../../faults/play.js';
import { rows as confinement } from '../../faults/rows/confinement.js';
import { rows as limits } from '../../faults/rows/limits.js';
import { rows as refusals } from '../../faults/rows/refusals.js';

const fault = process.argv[2]!;
const row = [...refusals, ...confinement, ...limits].find((one) => one.fault === fault);
assert.ok(row !== undefined, `there is no fault ${fault}`);
const result = { versions: `Linux ${release()}`, found: `${fault}: ` };
try {
  result.found += await play(row);
} catch (error) {
  console.error(error);
  result.found += String((error as Error).message).split('\n')[0];
  process.exitCode = 1;
}
console.log(JSON.stringify(result));
