// In the VM: what an app's hints bring under a scheduler. Pairs of runs of the same app, with its hints off (SCHEDHINT=off) and on,
// next to hogs, while the scheduler goes on; and such pairs under the kernel's default scheduler. Writes
// $SCHEDHINT_VM_OUT/measured.json. Argument: JSON of the inputs and of the scheduler (../off-on.mjs).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { App, cheapHogs, end, track } from '../../vm/guest/programs.mjs';
import { steadyMachine } from '../../vm/guest/steady-machine.mjs';
import { until } from '../../vm/guest/until.mjs';
import { giveKernelConfig, ScxScheduler } from './scx-scheduler.mjs';

const { inputs, boot, scheduler: subject } = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

steadyMachine([subject.program]);
const client = track(
  spawn('chrt', ['-f', '10', process.execPath, here('load.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  }),
);
const hogs = cheapHogs(inputs.hogs);

/** Requests for so long. */
async function serve(port, { rate, ms, seed }) {
  const answered = once(client, 'message');
  client.send({ port, rate, ms, seed });
  return (await answered)[0];
}

/** CPU time of a process's first thread, in ms; a hog has no other. */
const cpuTime = ({ pid }) =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
const hogTimes = () => hogs.map(cpuTime);
const signalHogs = (signal) => hogs.map((hog) => hog.kill(signal));

/** What a handle says when its hints are as this arm requires them. */
async function checkHints(app, arm, isRead) {
  const status = () => app.ask('state');
  if (arm === 'off') return assert.equal((await status()).code, 'ERR_SCHEDHINT_DISABLED');
  if (isRead)
    await until('the app is bound', async () => (await status()).state === 'bound', status);
}

/** One run of an app that starts and warms up while the hogs stand still. */
async function run(arm, seed, isRead) {
  signalHogs('SIGSTOP');
  const app = new App(
    { ...subject.env, ...(arm === 'off' ? { SCHEDHINT: 'off' } : {}) },
    {
      program: here('collecting-app.mjs'),
      args: [JSON.stringify({ ...inputs, every: inputs.everyMs })],
    },
  );
  const port = await app.ask('listen');
  await serve(port, { rate: 200, ms: 1500, seed: 0 });
  await app.ask('full');
  await app.ask('scavenges');
  await checkHints(app, arm, isRead);
  signalHogs('SIGCONT');
  await rest(inputs.settleMs); // the scheduler sees the hogs again

  const [start, before, appBefore] = [performance.now(), hogTimes(), cpuTime(app.process)];
  await app.ask('collectNowAndThen');
  const { latencies, lateness } = await serve(port, { ...inputs, ms: inputs.serveMs, seed });
  const collections = await app.ask('stopCollecting');
  const young = await app.ask('scavenges');
  const [ms, after] = [performance.now() - start, hogTimes()];
  const threadCpus = (cpuTime(app.process) - appBefore) / ms;
  await checkHints(app, arm, isRead);
  await app.end();

  const hogCpus = after.reduce((sum, one, i) => sum + one - before[i], 0) / ms;
  assert.ok(
    after.every((one, i) => one > before[i]),
    'every hog ran',
  );
  assert.ok(hogCpus > 0.5, `the hogs had ${hogCpus} CPUs`);
  assert.ok(collections.length >= Math.floor(inputs.serveMs / inputs.everyMs) / 2, 'it collected');
  assert.equal(young.length, inputs.scavenges);
  const full = collections.map(([, took]) => took);
  return { arm, latencies, lateness, full, young, hogCpus, threadCpus };
}

const measured = { kernel: release(), control: [], pairs: [] };
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** A run under the scheduler. Hints changed its decisions where they were on, and nowhere else. */
async function runUnder(scheduler, arm, number) {
  const hinted = () => (subject.counts ? scheduler.hinted() : Number.NaN);
  const before = await hinted();
  const done = await run(arm, number, true);
  const changed = (await hinted()) - before;
  scheduler.checkThatItIsLoaded();
  if (arm === 'off') assert.ok(!(changed > 0), `${changed} decisions were changed with hints off`);
  else assert.ok(!(changed <= 0), 'no decision was changed with hints on');
  return { ...done, changed };
}

/** Runs pairs, the arms in another order in each; without a scheduler under the kernel's default. */
async function takePairs(count, pairs, scheduler) {
  for (let i = 0; i < count; i++) {
    const number = (boot - 1) * count + i + 1;
    const pair = {};
    for (const arm of number % 2 === 1 ? ['off', 'on'] : ['on', 'off']) {
      const done = await (scheduler ? runUnder(scheduler, arm, number) : run(arm, number, false));
      pair[arm] = done;
      const [full, young, p50] = [done.full, done.young, done.latencies].map(median);
      console.log(
        `${scheduler ? subject.name : 'kernel'} ${number} ${arm}: full ${full.toFixed(0)}, young ${young.toFixed(0)}, ` +
          `request ${p50.toFixed(1)} ms, hogs ${done.hogCpus.toFixed(2)}, thread ${done.threadCpus.toFixed(2)} CPUs; ${done.changed >= 0 ? done.changed : '-'} decisions changed`,
      );
    }
    pairs.push(pair);
  }
}

/** Before the scheduler is loaded in one boot, and after it in the next: what a boot does over time is not the scheduler's. */
const takeControl = () => takePairs(inputs.controlPairs, measured.control);
if (boot % 2 === 1) await takeControl();
signalHogs('SIGSTOP');
giveKernelConfig();
const { hasStats } = subject;
const scheduler = await ScxScheduler.start(subject.program, subject.args.on, { hasStats });
measured.ops = scheduler.ops;
console.log(`loaded: ${scheduler.ops}`);
await takePairs(inputs.pairs, measured.pairs, scheduler);
signalHogs('SIGSTOP');
await scheduler.stop();
if (boot % 2 === 0) await takeControl();

writeFileSync(`${process.env.SCHEDHINT_VM_OUT}/measured.json`, JSON.stringify(measured));
signalHogs('SIGCONT');
await end(hogs);
client.disconnect();
