// How many instructions the kernel's verifier follows for the scheduler's programs: it gives up after a million, and kernels differ
// in how many they need.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { endPrograms } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

const LIMIT = 1_000_000; // BPF_COMPLEXITY_LIMIT_INSNS

/** What the verifier followed for each program that the process has open. @param {number} pid */
function verified(pid) {
  return readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) =>
      /^verified_insns:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')),
    )
    .flatMap((match) => (match ? [Number(match[1])] : []));
}

after(endPrograms);

test('the programs need less than half of what the verifier follows', async () => {
  const scheduler = await Scheduler.start();
  const numbers = verified(scheduler.process.pid);
  console.log(`${Math.max(...numbers)} instructions at most`);
  assert.ok(numbers.length >= 10, `${numbers.length} programs`);
  for (const number of numbers) assert.ok(number < LIMIT / 2, `${number} instructions`);
  await scheduler.stop();
});
