// One run, inside the VM: one scenario under one arm. Writes $SCHEDHINT_VM_OUT/measured.json. Argument: JSON of { scenario, arm, times, seed }.
// To be run with the options for Node.js of ../boot.mjs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { giveKernelConfig, ScxScheduler } from '../../../peers/guest/scx-scheduler.mjs';
import { arrivals } from '../../guest/arrivals.mjs';
import { App, cheapHogs, end } from '../../guest/programs.mjs';
import { kernelComplaints } from '../../guest/scheduler.mjs';
import { steadyMachine } from '../../guest/steady-machine.mjs';
import { until } from '../../guest/until.mjs';
import { Cgroups } from './cgroups.mjs';
import { Clients } from './clients.mjs';
import { countsOfMachine, cpuTimesOf } from './cpu-times.mjs';

const { scenario, arm, times, seed } = JSON.parse(process.argv[2]);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const COLLECTIONS = 3; // while nothing else runs
const WARMER_MS = 500;
const CLIENTS_READ_MS = 2000; // when their requests are due
const CLIENT_LATE_MS = 50; // with more, figures say more of the client than of what is measured
const UNDER_LOAD_MS = 200; // that one of these takes with the rest before it
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const at = (ms) => new Promise((resolve) => setTimeout(resolve, ms - nowMs()));

// This program and the clients stand for other machines: real-time, so that no scheduler under test decides about them. What this one starts
// does not inherit that. The clients are above this program.
execFileSync('chrt', ['--reset-on-fork', '-f', '-p', '9', String(process.pid)]);
steadyMachine([arm.program ?? []].flat());

const cgroups = new Cgroups();
cgroups.make([
  ...scenario.services.map(({ name, weight }) => ({ name, weight })),
  ...(scenario.hogs > 0
    ? [{ name: 'batch.service', weight: 100 * scenario.services.length, ...arm.levers?.batch }]
    : []),
]);

/** When the requests of a step are due, in ms after the start of all. */
function schedule(number) {
  const { warmMs, stepMs, gapMs } = times;
  const steps = [{ rate: scenario.rates[0], from: 0, to: warmMs }];
  for (const rate of scenario.rates) {
    const from = steps.at(-1).to + gapMs;
    steps.push({ rate, from, to: from + stepMs });
  }
  return steps.map((step, i) => ({
    ...step,
    due: arrivals({
      rate: step.rate,
      ms: step.to - step.from,
      seed: seed * 1000 + number * 100 + i,
    }).map((ms) => step.from + ms),
  }));
}

/** Sends requests while nothing else runs. */
async function sendRequests(port, due) {
  const clients = await Clients.start(port, times.answerMs);
  return clients.send(nowMs() + 50, due);
}

async function startService(options, i) {
  const { background, pool } = { ...options, ...arm.levers };
  const app = new App(arm.hints ? {} : { SCHEDHINT: 'off' }, {
    program: here('service.mjs'),
    args: [JSON.stringify({ ...options, background, pool, ...arm.service })],
    v8: [`--random-seed=${seed * 10 + i}`],
  });
  cgroups.enter(options.name, app.process.pid);
  const port = await app.ask('listen');
  // Compiles. V8 collects fully after so many requests: more of them in each run, so that it is not in the same step of all.
  await sendRequests(port, arrivals({ rate: 200, ms: 1500 + WARMER_MS * seed, seed: 0 }));
  await app.ask('collect', 1);
  const used = async (work) => {
    const before = cpuTimesOf(app.process.pid).all;
    const result = await work();
    return { result, cpuMs: cpuTimesOf(app.process.pid).all - before };
  };
  const due = arrivals({ rate: 100, ms: 1000, seed: 1 });
  const served = await used(() => sendRequests(port, due));
  const collected = await used(() => app.ask('collect', COLLECTIONS));
  return {
    app,
    port,
    tids: (await app.ask('state')).tids,
    alone: {
      name: options.name,
      perRequest: served.cpuMs / due.length,
      perCollection: collected.cpuMs / COLLECTIONS,
    },
  };
}

const startClients = () =>
  Promise.all(services.map(({ port }) => Clients.start(port, times.answerMs)));

/**
 * Full collections under each load at which arms are compared, while nothing but the services and their clients wants a CPU: ms. The clients'
 * CPU time is part of it, as it is later.
 */
async function collectUnderLoad() {
  const found = services.map(() => []);
  const every = scenario.services[0].everyMs;
  for (const rate of scenario.rates.filter((one) => every && one <= scenario.compared)) {
    const due = arrivals({ rate, ms: services.length * COLLECTIONS * UNDER_LOAD_MS, seed: 2 });
    const clients = await startClients();
    const answered = clients.map((one) => one.send(nowMs() + 50, due));
    for (const [i, { app }] of services.entries())
      found[i].push(...(await app.ask('collect', COLLECTIONS)));
    await Promise.all(answered);
  }
  return found;
}

const services = [];
for (const [i, options] of scenario.services.entries())
  services.push(await startService(options, i));
const alone = await collectUnderLoad();
const clients = await startClients();
const hogs = cheapHogs(scenario.hogs);
for (const { pid } of hogs) cgroups.enter('batch.service', pid);

let scheduler;
if (arm.program) {
  giveKernelConfig();
  scheduler = await ScxScheduler.start(arm.program, arm.args, { hasStats: false });
  console.log(`loaded: ${scheduler.ops}`);
}
for (const { app } of services) {
  const state = () => app.ask('state');
  if (!arm.hints) assert.equal((await state()).code, 'ERR_SCHEDHINT_DISABLED');
  else {
    const all = ({ main, background }) => [main, ...background];
    let seen;
    await until(
      'all threads are bound',
      async () => {
        seen = await state();
        return all(seen).every((one) => one === 'bound');
      },
      () => seen,
    );
  }
}

// The second service collects half a period after the first.
const { everyMs = 0 } = scenario.services[0];
for (const [i, { app }] of services.entries()) {
  app.ask('begin', { phaseMs: (everyMs * i) / services.length });
}
// A collection of this program would take a CPU from the services: it collects now, and has room until the end.
globalThis.gc();
let ownCollections = 0;
new PerformanceObserver((list) => {
  ownCollections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });
await at(nowMs() + 50); // the one above is not counted
ownCollections = 0;
const startMs = nowMs() + CLIENTS_READ_MS;
const schedules = services.map((_, i) => schedule(i));
const answered = clients.map((one, i) =>
  one.send(
    startMs,
    schedules[i].flatMap(({ due }) => due),
  ),
);

/** CPU times of everybody, and what the machine counts. */
const look = () => ({
  ms: nowMs(),
  ...countsOfMachine(),
  hogs: hogs.map(({ pid }) => cpuTimesOf(pid).all),
  services: services.map(({ app, tids }) => cpuTimesOf(app.process.pid, tids)),
});
const looks = [];
for (const { from, to } of schedules[0]) {
  await at(startMs + from);
  const before = look();
  await at(startMs + to);
  looks.push([before, look()]);
}
const collectionsMeanwhile = ownCollections;
const results = await Promise.all(answered);
assert.equal(collectionsMeanwhile, 0, 'this program collected while it measured');
const seenLate = Math.max(...results.flat().map(([seen]) => seen));
assert.ok(seenLate < CLIENT_LATE_MS, `a client was stopped for ${seenLate} ms`);
scheduler?.checkThatItIsLoaded();
const ended = await Promise.all(services.map(({ app }) => app.ask('end')));
const said = await scheduler?.stop();

writeFileSync(
  `${process.env.SCHEDHINT_VM_OUT}/measured.json`,
  JSON.stringify({
    kernel: release(),
    ops: scheduler?.ops ?? null,
    complaints: kernelComplaints(),
    counts: lastCounts(said),
    services: services.map((one, i) => ({
      ...one.alone,
      alone: alone[i],
      steps: inSteps(schedules[i], results[i], ended[i]),
    })),
    steps: schedules[0].map(({ rate }, i) => ({ rate, ...spent(...looks[i]) })),
  }),
);
for (const { app } of services) app.process.disconnect();
await end(hogs);

/** The last statistics of a scheduler that prints them as scx_schedhint does with --json. */
function lastCounts(said = '') {
  const line = said.split('\n').findLast((one) => one.startsWith('{"type":"statistics"'));
  return line === undefined ? null : JSON.parse(line);
}

/** Requests, collections, and CPU times of reports by step: ms. */
function inSteps(steps, requests, { collections, reports, majors }) {
  let first = 0;
  return steps.map(({ from, to, due }) => {
    const mine = requests.slice(first, first + due.length);
    first += due.length;
    const isIn = (ms) => ms >= startMs + from && ms < startMs + to;
    return {
      seenLate: Math.max(0, ...mine.map(([seen]) => seen)),
      late: mine.map(([, late]) => late),
      latencies: mine.map(([, , latency]) => latency),
      collections: collections.filter(([ms]) => isIn(ms)).map(([, ms]) => ms),
      majors: majors.filter(([ms]) => isIn(ms)).map(([, ms]) => ms),
      reports: reports?.filter(([ms]) => isIn(ms)).map(([, used]) => used) ?? [],
    };
  });
}

/** CPUs that each had between two looks. */
function spent(before, after) {
  const ms = after.ms - before.ms;
  const per = (a, b) => (b - a) / ms;
  return {
    ms,
    switches: after.switches - before.switches,
    idle: per(before.idleMs, after.idleMs),
    hogs: after.hogs.map((one, i) => per(before.hogs[i], one)),
    services: after.services.map((one, i) =>
      Object.fromEntries(
        Object.entries(one).map(([who, used]) => [who, per(before.services[i][who], used)]),
      ),
    ),
  };
}
