// In a VM with one CPU, whose time counts instructions: what a switch costs under each scheduler, by `perf bench sched pipe`.
// Writes $SCHEDHINT_VM_OUT/measured.json. Argument: JSON of the inputs and of the arms (../cost.mjs).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { steadyMachine } from '../../vm/guest/steady-machine.mjs';
import { giveKernelConfig, ScxScheduler } from './scx-scheduler.mjs';

const { inputs, arms } = JSON.parse(process.argv[2]);

/** Nanoseconds for a message there and back: two switches, two writes, two reads. */
function perOperation() {
  const args = ['bench', 'sched', 'pipe', '--loop', String(inputs.operations)];
  const text = execFileSync('perf', args, { encoding: 'utf8' });
  const [, usecs] = /([\d.]+) usecs\/op/.exec(text) ?? [];
  if (usecs === undefined) throw new Error(`perf said: ${text}`);
  return Number(usecs) * 1000;
}

assert.equal(availableParallelism(), 1);
giveKernelConfig();
steadyMachine(arms.flatMap(({ program }) => program ?? []));
const samples = Object.fromEntries(arms.map(({ name }) => [name, []]));
const names = {};
for (const { name, program, args, hasStats } of arms) {
  const scheduler = program && (await ScxScheduler.start(program, args, { hasStats }));
  perOperation(); // warms up
  for (let i = 0; i < inputs.samples; i++) samples[name].push(perOperation());
  names[name] = scheduler?.ops ?? 'kernel';
  await scheduler?.stop();
  console.log(`${name}: ${samples[name].map((ns) => ns.toFixed(0)).join(' ')}`);
}
writeFileSync(
  `${process.env.SCHEDHINT_VM_OUT}/measured.json`,
  JSON.stringify({ kernel: release(), names, samples }),
);
