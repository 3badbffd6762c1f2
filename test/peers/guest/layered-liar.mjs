// In the VM, whose time counts instructions: how long two busy threads wait for a CPU under scx_layered with hints, next to two that are
// in their layer, two that a rule has put into the preempting layer, and two that lie to get there: in a collector's pause for ever, at
// the highest urgency. Writes it to $SCHEDHINT_VM_OUT/liar.json. Arguments: the program with hints, the layers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { end, endPrograms, Spinner, track } from '../../vm/guest/programs.mjs';
import { kernelComplaints } from '../../vm/guest/scheduler.mjs';
import { Layered } from './layered-stats.mjs';
import { giveKernelConfig } from './scx-scheduler.mjs';

const [program, layersFile] = process.argv.slice(2);
const SECONDS = 45;
const WORK = ['--threads', '2', '--seconds', String(SECONDS)];
/** A rule of the layers names it. */
const MEMBER = '/tmp/member';

giveKernelConfig();
copyFileSync('/bin/sh', MEMBER);
const scheduler = await Layered.start(program, ['--hints', '/sys/fs/bpf/schedhint'], layersFile);

const members = () =>
  Array.from({ length: 2 }, () =>
    track(spawn(MEMBER, ['-c', 'while :; do :; done'], { stdio: 'ignore' })),
  );
const liars = async () => {
  const liar = await Spinner.start([...WORK, '--lie', '--urgency', '1024']);
  liar.go();
  return [liar.process];
};
const hogs = async () => {
  const hog = await Spinner.start(WORK);
  hog.go();
  return [hog.process];
};

async function race(start) {
  const first = await Spinner.start(WORK);
  const others = await start();
  first.go();
  const { cpu, longestMs } = await first.result();
  await end(others);
  console.log(start.name, JSON.stringify({ cpu, longestMs, hinted: scheduler.hinted }));
  return { cpu, longestMs };
}

const found = { kernel: release(), seconds: SECONDS };
for (const start of [hogs, members, liars]) found[start.name] = await race(start);
assert.ok(scheduler.hinted > 0, 'the lie changed nothing');
await scheduler.stop();
assert.deepEqual(kernelComplaints(), []);
writeFileSync(join(process.env.SCHEDHINT_VM_OUT, 'liar.json'), JSON.stringify(found));
await endPrograms();
