// A pair: one run of each arm, inside the VM. Writes what it measured to
// $SCHEDHINT_VM_OUT/measured.json.

import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { end, REGISTER, hogs as startHogs } from '../guest/programs.mjs';
import { nothingIsLoaded, Scheduler } from '../guest/scheduler.mjs';
import { steadyMachine } from '../guest/steady-machine.mjs';
import { until } from '../guest/until.mjs';
import { cgroupMode, enter, inOlderMode, makeCgroups, setWeight } from './cgroups.mjs';
import { median } from './summary.mjs';

const { number, ...options } = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const seed = options.seed + number;

steadyMachine();

const WEIGHT = 100;
makeCgroups(['app', 'batch'], WEIGHT);

// REGISTER is an absolute path: a package's name is looked for from the working directory.
const app = fork(here('app.mjs'), [JSON.stringify(options)], {
  execArgv: [
    `--v8-pool-size=${options.helpers}`,
    `--random-seed=${seed}`,
    ...['--expose-gc', '--require', REGISTER],
  ],
});
enter('app', [app]);

let lastId = 0;
const answers = new Map();
app.on('message', ({ id, answer }) => {
  answers.get(id)(answer);
  answers.delete(id);
});

function ask(request) {
  const id = ++lastId;
  app.send({ id, request });
  return new Promise((resolve) => answers.set(id, resolve));
}

let port;
/** So many requests a second on average: what the client reports. */
async function serve(rate, seconds) {
  const client = spawn(
    'chrt',
    ['-f', '10', process.execPath, here('client.mjs'), port, rate, seconds, seed].map(String),
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  return await new Promise((resolve, reject) => {
    client.once('message', resolve);
    client.once('exit', (code) => reject(new Error(`the client ended with ${code}`)));
  });
}

/** CPU time, in ms, that the first threads of processes have had. */
const cpuTime = (processes) =>
  processes
    .map(({ pid }) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((sum, one) => sum + one, 0);

/**
 * The rate at which requests and collections together take so much of a thread's fair share beside
 * the hogs; the client has its part of the machine before anybody shares.
 */
async function rateOfLoad(collections) {
  const [rate, seconds] = [100, 1];
  await serve(rate, seconds); // warms up
  const before = cpuTime([app]);
  const { sent, cost } = await serve(rate, seconds);
  const perRequest = (cpuTime([app]) - before) / sent;
  const collecting = median(collections) / options.every;
  const load = options.load / 100;
  const sharers = options.hogs + 1;
  const fairShare = (at) => (availableParallelism() - (at * cost) / 1000) / sharers;
  // load * fairShare(found) = collecting + found * perRequest / 1000
  const found =
    ((load * availableParallelism()) / sharers - collecting) /
    ((perRequest + (load * cost) / sharers) / 1000);
  return { perRequest, clientCost: cost, collecting, rate: found, fairShare: fairShare(found) };
}

/** What the scheduler counts while something is done. */
async function counting(scheduler, work) {
  const before = await scheduler?.nextCounts();
  const result = await work();
  const after = await scheduler?.nextCounts();
  const counts = Object.fromEntries(
    Object.entries(after ?? {}).map(([name, count]) => [name, count - before[name]]),
  );
  return { result, counts };
}

async function measure(rate, hogs, scheduler) {
  const full = await counting(scheduler, () => ask('full'));
  const scavenges = await counting(scheduler, () => ask('scavenges'));
  const before = [cpuTime(hogs), cpuTime([app])];
  const start = performance.now();
  await ask('collectNowAndThen');
  const served = await counting(scheduler, () => serve(rate, options.seconds));
  const collections = await ask('stopCollecting');
  const elapsed = performance.now() - start;
  return {
    full: full.result,
    scavenges: scavenges.result,
    requests: served.result.requests,
    collections,
    hogShare: (cpuTime(hogs) - before[0]) / elapsed,
    threadShare: (cpuTime([app]) - before[1]) / elapsed,
    counts: { full: full.counts, scavenges: scavenges.counts, requests: served.counts },
  };
}

/**
 * What two processes that want a CPU all of the time get in the app's cgroup next to the hogs: their
 * part of the CPU time of both cgroups.
 */
async function shareOfTwo(hogs, weight) {
  setWeight('app', weight);
  const two = startHogs(2);
  enter('app', two);
  const before = [cpuTime(two), cpuTime(hogs)];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [mine, theirs] = [cpuTime(two) - before[0], cpuTime(hogs) - before[1]];
  await end(two);
  setWeight('app', WEIGHT);
  return mine / (mine + theirs);
}

/** The control: with weights of 1:1 and of 3:1, and under the kernel's default in its older mode. */
async function control(arm, hogs) {
  const shares = {
    equal: await shareOfTwo(hogs, WEIGHT),
    triple: await shareOfTwo(hogs, 3 * WEIGHT),
  };
  if (arm !== 'kernel') return shares;
  // A weight that is three times as much must buy three times as much, or the controller is not on.
  const odds = (share) => share / (1 - share);
  const bought = odds(shares.triple) / odds(shares.equal);
  assert.ok(bought > 2 && bought < 4.5, `three times the weight bought ${bought} times as much`);
  return { ...shares, ...(await inOlderMode(() => shareOfTwo(hogs, WEIGHT))) };
}

const ARMS = {
  kernel: null,
  off: ['--hints', 'none'],
  on: ['--hints', 'all'],
};

async function run(arm, rate, hogs) {
  const scheduler = ARMS[arm] && (await Scheduler.start(...ARMS[arm]));
  if (scheduler) {
    await until('the app is bound', async () => (await ask('state')).state === 'bound');
  }
  const measured = await measure(rate, hogs, scheduler);
  const shares = await control(arm, hogs);
  await scheduler?.stop();
  await nothingIsLoaded();
  return { arm, ...measured, shares };
}

const show = (times) => times.map((ms) => ms.toFixed(0)).join(' ');

port = await ask('listen');
await ask('full'); // warms up
const rates = await rateOfLoad(await ask('full'));
const { rate } = rates;
console.log(
  Object.entries(rates)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join(', '),
);
const runs = [{ arm: 'alone', ...(await measure(rate, [])) }];
const hogs = startHogs(options.hogs);
enter('batch', hogs);
// In another order in each pair, so that what one leaves to the next is in all of them.
const arms = Object.keys(ARMS);
for (let i = 0; i < arms.length; i++) {
  const done = await run(arms[(i + number) % arms.length], rate, hogs);
  runs.push(done);
  const shares = Object.entries(done.shares).map(([name, share]) => `${name} ${share.toFixed(2)}`);
  console.log(`${done.arm}: full ${show(done.full)}; control: ${shares.join(', ')}`);
}
await end(hogs);
writeFileSync(
  `${process.env.SCHEDHINT_VM_OUT}/measured.json`,
  JSON.stringify({ ...rates, cgroupMode: cgroupMode(), runs }),
);
app.disconnect();
