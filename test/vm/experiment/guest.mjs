// The experiment, inside the VM: writes what it measured to $SCHEDHINT_VM_OUT/measured.json.

import { fork, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { end, REGISTER, hogs as startHogs } from '../guest/programs.mjs';
import { nothingIsLoaded, Scheduler } from '../guest/scheduler.mjs';
import { until } from '../guest/until.mjs';

const options = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// A service has a cgroup of its own, and so has the app.
const CGROUP = '/sys/fs/cgroup/app';
mkdirSync(CGROUP);

const app = fork(here('app.mjs'), [JSON.stringify(options)], {
  execArgv: [`--v8-pool-size=${options.helpers}`, '--expose-gc', '--require', REGISTER],
});
writeFileSync(`${CGROUP}/cgroup.procs`, String(app.pid));

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
/** Latencies of so many requests a second. */
async function serve(rate, seconds) {
  const client = spawn(
    'chrt',
    ['-f', '10', process.execPath, here('client.mjs'), port, rate, seconds].map(String),
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

/** The rate at which requests take so much of a thread's fair share beside the hogs. */
async function rateOfLoad() {
  const [rate, seconds] = [10, 4];
  await serve(rate, seconds); // warms up
  const before = cpuTime([app]);
  await serve(rate, seconds);
  const perRequest = (cpuTime([app]) - before) / (rate * seconds);
  const fairShare = availableParallelism() / (options.hogs + 1);
  return { perRequest, rate: ((options.load / 100) * fairShare * 1000) / perRequest };
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
  const before = cpuTime(hogs);
  const start = performance.now();
  await ask('collectNowAndThen');
  const latencies = await counting(scheduler, () => serve(rate, options.seconds));
  const collections = await ask('stopCollecting');
  const hogShare = (cpuTime(hogs) - before) / (performance.now() - start);
  return {
    full: full.result,
    scavenges: scavenges.result,
    latencies: latencies.result,
    collections,
    hogShare,
    counts: { full: full.counts, scavenges: scavenges.counts, requests: latencies.counts },
  };
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
  await scheduler?.stop();
  await nothingIsLoaded();
  return { arm, ...measured };
}

const show = (times) => times.map((ms) => ms.toFixed(0)).join(' ');

port = await ask('listen');
await ask('full'); // warms up
const { perRequest, rate } = await rateOfLoad();
console.log(`a request takes ${perRequest.toFixed(1)} ms of CPU time; ${rate.toFixed(1)} a second`);
const runs = [{ arm: 'alone', ...(await measure(rate, [])) }];
const hogs = startHogs(options.hogs);
for (let pair = 0; pair < options.pairs; pair++) {
  // In turns, and in another order each time, so that a drift of the machine is in all of them.
  const arms = Object.keys(ARMS);
  for (let i = 0; i < arms.length; i++) {
    const arm = arms[(i + pair) % arms.length];
    runs.push(await run(arm, rate, hogs));
    console.log(`${pair + 1}/${options.pairs} ${arm}: full ${show(runs.at(-1).full)}`);
  }
}
await end(hogs);
runs.push({ arm: 'alone', ...(await measure(rate, [])) });
writeFileSync(
  `${process.env.SCHEDHINT_VM_OUT}/measured.json`,
  JSON.stringify({ perRequest, rate, runs }),
);
app.disconnect();
