// In the VM: makes changes at random for some minutes while the scheduler is loaded, then ends it. Writes what is true at the end to
// $SCHEDHINT_VM_OUT/measured.json. Argument: JSON of { program, args, seconds, seed }.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release, setPriority } from 'node:os';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kernelComplaints, schedExtState } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';
import { Loaded, PIN } from './loaded.mjs';

const { program, args, seconds, seed } = JSON.parse(process.argv[2]);
const CHURN = '/tmp/churn';

/** All threads of the machine: a scheduler has a record of each, whatever its class. */
function threadsThereAre() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.reduce((sum, pid) => {
    try {
      return sum + readdirSync(`/proc/${pid}/task`).length;
    } catch {
      return sum; // it has ended
    }
  }, 0);
}

const loads = () => Number(readFileSync('/sys/kernel/sched_ext/enable_seq', 'utf8'));

copyFileSync(fileURLToPath(new URL('build/churn', import.meta.url)), CHURN);
const scheduler = await Loaded.start({ program, args });
// While it loads again the kernel's default decides, next to tasks of nice -20.
setPriority(scheduler.pid, -20);
const found = { kernel: release(), ops: scheduler.ops, before: null, after: null };
/** A report that it has yet to make. */
async function nextReport() {
  const last = scheduler.report;
  await until('the scheduler reports', () => scheduler.report !== last || scheduler.hasEnded);
  return scheduler.report;
}
await rest(3000); // what started the scheduler is gone
found.before = { ...(await nextReport()), threads: threadsThereAre() };
const loadsBefore = loads();
const churn = spawn(CHURN, [seconds, seed, PIN].map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
let text = '';
let complaint = '';
churn.stdout.setEncoding('utf8').on('data', (data) => {
  text += data;
});
churn.stderr.setEncoding('utf8').on('data', (data) => {
  complaint += data;
  process.stdout.write(data);
});
/** What each task of ours waits for, and what the kernel said. */
function sayWhatHangs() {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      if (!/churn|schedhint/.test(name)) continue;
      const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
      console.log(
        `${pid} ${name} ${words[0]} on ${words[36]}: ${readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim()}`,
      );
      console.log(readFileSync(`/proc/${pid}/stack`, 'utf8'));
    } catch {} // it has ended
  }
  console.log(scheduler.output.slice(-3000));
  console.log(execFileSync('dmesg', { encoding: 'utf8' }).slice(-4000));
}

const limit = setTimeout(
  () => {
    sayWhatHangs();
    churn.kill('SIGKILL');
  },
  (seconds + 400) * 1000,
);
const [code] = await once(churn, 'close');
clearTimeout(limit);
found.churn = code === 0 ? JSON.parse(text) : null;
found.loads = loads() - loadsBefore;
found.isLoaded = !scheduler.hasEnded && schedExtState() === 'enabled';
if (found.isLoaded) {
  await rest(3000); // the last of them are gone
  found.after = { ...(await nextReport()), threads: threadsThereAre() };
  found.exitCode = await scheduler.stop();
  found.state = schedExtState();
} else {
  if (!scheduler.hasEnded) {
    sayWhatHangs();
    await scheduler.kill();
  }
  found.exitCode = await scheduler.ended();
}
found.lastWords = scheduler.lastWords;
found.complaint = complaint.trim();
found.complaints = kernelComplaints();
writeFileSync(`${process.env.SCHEDHINT_VM_OUT}/measured.json`, JSON.stringify(found));
