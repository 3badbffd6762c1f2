// The experiment, inside the VM: writes what it measured to $SCHEDHINT_VM_OUT/measured.json.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REGISTER, hogs as startHogs } from '../guest/programs.mjs';
import { nothingIsLoaded, Scheduler } from '../guest/scheduler.mjs';
import { until } from '../guest/until.mjs';

const options = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// A service has a cgroup of its own, and so has the app.
const CGROUP = '/sys/fs/cgroup/app';
mkdirSync(CGROUP);

const app = fork(here('app.mjs'), [JSON.stringify(options)], {
  execArgv: ['--expose-gc', '--require', REGISTER],
});
writeFileSync(`${CGROUP}/cgroup.procs`, String(app.pid));

let lastId = 0;
async function ask(request) {
  const id = ++lastId;
  app.send({ id, request });
  for (;;) {
    const [message] = await once(app, 'message');
    if (message.id === id) return message.answer;
  }
}

async function serve(port) {
  const client = spawn(
    'chrt',
    ['-f', '10', process.execPath, here('client.mjs'), port, options.rate, options.seconds].map(
      String,
    ),
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  await ask('collectNowAndThen');
  const latencies = await new Promise((resolve, reject) => {
    client.once('message', resolve);
    client.once('exit', (code) => reject(new Error(`the client ended with ${code}`)));
  });
  await ask('stopCollecting');
  return latencies;
}

/** CPU time, in ms, that processes have had. */
const cpuTime = (processes) =>
  processes
    .map(({ pid }) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((sum, one) => sum + one, 0);

let port;
async function measure(hogs) {
  const full = await ask('full');
  const scavenges = await ask('scavenges');
  const before = cpuTime(hogs);
  const start = performance.now();
  const latencies = await serve(port);
  const hogShare = (cpuTime(hogs) - before) / (performance.now() - start);
  return { full, scavenges, latencies, hogShare };
}

const ARMS = {
  kernel: null,
  off: ['--hints', 'none'],
  on: ['--hints', 'all'],
};

async function run(arm, hogs) {
  const scheduler = ARMS[arm] && (await Scheduler.start(...ARMS[arm]));
  if (scheduler) {
    await until('the app is bound', () => {
      ask('state').then(({ state }) => {
        scheduler.bound = state === 'bound';
      });
      return scheduler.bound;
    });
  }
  const measured = await measure(hogs);
  const counts = scheduler ? await scheduler.stop() : {};
  await nothingIsLoaded();
  return { arm, ...measured, counts };
}

port = await ask('listen');
await ask('full'); // warms up
const runs = [{ arm: 'alone', ...(await measure([])) }];
const hogs = startHogs(options.hogs);
for (let pair = 0; pair < options.pairs; pair++) {
  // In turns, and in another order each time, so that a drift of the machine is in all of them.
  const arms = Object.keys(ARMS);
  for (let i = 0; i < arms.length; i++) {
    const arm = arms[(i + pair) % arms.length];
    runs.push(await run(arm, hogs));
    const { full } = runs.at(-1);
    console.log(
      `${pair + 1}/${options.pairs} ${arm}: full ${full.map((ms) => ms.toFixed(0)).join(' ')}`,
    );
  }
}
for (const hog of hogs) hog.kill('SIGKILL');
runs.push({ arm: 'alone', ...(await measure([])) });
writeFileSync(`${process.env.SCHEDHINT_VM_OUT}/measured.json`, JSON.stringify(runs));
app.disconnect();
