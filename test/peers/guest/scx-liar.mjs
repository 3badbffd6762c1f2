// In the VM, whose time counts instructions: two threads that work all of the time, next to two others that do too, and that either say
// nothing or lie: that they are in a collector's pause for ever, at the highest urgency. Writes what the first two got, and how long they
// waited for a CPU at most, to $SCHEDHINT_VM_OUT/liar.json. Arguments: the program with hints.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { endPrograms, Spinner } from '../../vm/guest/programs.mjs';
import { kernelComplaints } from '../../vm/guest/scheduler.mjs';
import { giveKernelConfig, ScxScheduler } from './scx-scheduler.mjs';

const [program] = process.argv.slice(2);
const PIN = '/sys/fs/bpf/schedhint';
const WORK = ['--threads', '2', '--seconds', '10'];

giveKernelConfig();
const scheduler = await ScxScheduler.start(program, ['--hints', PIN]);

async function race(...lies) {
  const before = await scheduler.hinted();
  const first = await Spinner.start(WORK);
  const other = await Spinner.start([...WORK, ...lies]);
  first.go();
  other.go();
  const [{ cpu, longestMs }, { cpu: othersCpu }] = await Promise.all([
    first.result(),
    other.result(),
  ]);
  const hinted = (await scheduler.hinted()) - before;
  console.log(lies.join(' '), JSON.stringify({ cpu, othersCpu, longestMs, hinted }));
  return { cpu, othersCpu, longestMs, hinted };
}

const quiet = await race();
const lying = await race('--lie', '--urgency', '1024');
assert.equal(quiet.hinted, 0);
assert.ok(lying.hinted > 0, 'the lie changed nothing');
await scheduler.stop();
assert.deepEqual(kernelComplaints(), []);
writeFileSync(
  join(process.env.SCHEDHINT_VM_OUT, 'liar.json'),
  JSON.stringify({ kernel: release(), quiet, lying }),
);
await endPrograms();
