// What elements for the runtime's helper threads bring, inside the VM: `npm run vm -- --icount node test/vm/guest/libuv-pool.mjs`.
// Work in libuv's pool for an urgent thread, and collections next to a busy pool, with hogs, under scx_schedhint. Prints a table;
// docs/experiment.md has it.

import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, quantile } from '../experiment/statistics.mjs';
import { end, REGISTER, hogs as startHogs, track } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';
import { until } from './until.mjs';

const INPUTS = { urgency: 900, hashes: 30, iterations: 4000, collections: 6, objects: 60_000 };
const ROUNDS = 3;
const HOGS = 4;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const BUT_POOL = 'gc,helpers,deadline,urgency,slice,batch';
/** Which helper threads have elements, and which hints the scheduler acts on; none: the kernel's default scheduler. */
const ARMS = [
  { name: 'kernel default', helpers: 'on' },
  { name: 'no elements', helpers: 'off', hints: 'all' },
  { name: 'elements, without `pool`', helpers: 'on', hints: BUT_POOL },
  { name: 'elements', helpers: 'on', hints: 'all' },
];

// See steady-machine.mjs.
writeFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'never');

function startApp(helpers) {
  const app = track(
    fork(here('libuv-pool-app.mjs'), [JSON.stringify(INPUTS)], {
      env: { ...process.env, SCHEDHINT_HELPERS: helpers },
      execArgv: ['--expose-gc', '--require', REGISTER],
    }),
  );
  let last = 0;
  const answers = new Map();
  app.on('message', ({ id, answer }) => {
    answers.get(id)(answer);
    answers.delete(id);
  });
  const ask = (request) => {
    const id = ++last;
    app.send({ id, request });
    return new Promise((resolve) => answers.set(id, resolve));
  };
  return { process: app, ask };
}

async function measure(arm, apps) {
  const app = apps[arm.helpers];
  const scheduler = arm.hints ? await Scheduler.start('--hints', arm.hints) : undefined;
  if (scheduler) {
    await until('the app is bound', async () => (await app.ask('state')).state === 'bound');
    await app.ask('settle');
  }
  const before = await scheduler?.countsNow();
  const hashes = await app.ask('hash');
  const collections = await app.ask('collect');
  const after = await scheduler?.stop();
  const counted = (name) => (after ? after[name] - before[name] : '-');
  console.log(
    `${arm.name}: hash ${median(hashes).toFixed(1)} ms, collection ${median(collections).toFixed(0)} ms,`,
    `inherited ${counted('inherited')}, helperQueued ${counted('helperQueued')}`,
  );
  return { hashes, collections };
}

const apps = { off: startApp('off'), on: startApp('on') };
const alone = { hashes: await apps.on.ask('hash'), collections: await apps.on.ask('collect') };
await apps.off.ask('hash');

// The pool is met some seconds after the first scheduler has come.
const first = await Scheduler.start('--hints', 'urgency,pool');
while (!(first.counts.inherited > 0)) await apps.on.ask('hash');
await first.stop();

const hogs = startHogs(HOGS);
const runs = new Map(ARMS.map((arm) => [arm, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (let i = 0; i < ARMS.length; i++) {
    const arm = ARMS[(i + round) % ARMS.length];
    runs.get(arm).push(await measure(arm, apps));
  }
}
await end(hogs);

const all = (measured, what) => measured.flatMap((run) => run[what]);
/** The median of all, and those of the rounds, which show how far to trust it. */
const cell = (measured, what) => {
  const rounds = measured.map((run) => median(run[what]));
  const range = `${Math.min(...rounds).toFixed(1)}-${Math.max(...rounds).toFixed(1)}`;
  return `${median(all(measured, what)).toFixed(1)} (${range})`;
};
const row = (name, measured) => {
  const p90 = quantile(all(measured, 'hashes'), 0.9).toFixed(1);
  return `| ${[name, cell(measured, 'hashes'), p90, cell(measured, 'collections')].join(' | ')} |`;
};
console.log(
  `Node.js ${process.version}, medians in ms (of each round, from the least to the most)`,
);
console.log('|  | hash | hash, p90 | collection |\n| --- | --- | --- | --- |');
console.log(row('no hogs, kernel default', [alone]));
for (const [arm, measured] of runs) console.log(row(arm.name, measured));
for (const { process: app } of Object.values(apps)) app.disconnect();
