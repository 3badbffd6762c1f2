// An app that starts and ends everything, over and over. Arguments: `schedhint`, or `control` for the
// same without it; the map; and `leaky`, to keep all handles. It takes commands as lines and answers
// each with a line of JSON: `round` churns, `sample STATE` says what is held once the status is that.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const [, , kind, map, leaky] = process.argv;
const require = createRequire(import.meta.url);
// With the attachThread() of the full surface.
const ours =
  kind === 'schedhint' ? { ...require('schedhint'), ...require('@schedhint/core') } : null;
const addon = ours && require('@schedhint/native').loadAddon().addon;
const kept = [];
const keep = (thing) => {
  if (leaky === 'leaky') kept.push(thing);
  return thing;
};

const SHARED = 100_000;
const SCOPED = 500;
const CHANNELS = 200;
const LISTENERS = 1000;
const REQUESTS = 60;
const WORKERS = 4;
const GIVE_UP_MS = 120_000; // a bound for what never comes true, not a limit on speed

/** As a middleware would, for each request. */
function attachShared() {
  for (let i = 0; i < SHARED; i++) ours.attachThread({ map }).hints.urgency = i % 1024;
  ours.attachThread({ map }).hints.reset();
}

function attachScoped() {
  for (let i = 0; i < SCOPED; i++) {
    const thread = keep(ours.attachThread({ map: `${map}-${i % 3}`, scoped: true }));
    thread.hints.set({ urgency: 5, user: i });
    thread.blocks.thread.slice_us = thread.feedback.preempted + thread.gc.count;
    thread.stop();
    const own = ours.attachThread({ map, scoped: true });
    own.hints.urgency = 6;
    own.stop();
    const channels = [ours.uptr({ map }), ours.layered({ map: `${map}-layered` })];
    if (i % 10 === 0) ours.attachThread({ channels, scoped: true }).stop();
    if (i % 10 === 1) ours.startGcHints({ map }).stop();
  }
}

/** Views of channels that are made again. */
async function attachToChannels() {
  const { attachThread, i32, struct, uptr } = ours;
  const data = struct('data', { inner: struct('inner', { a: i32 }) });
  for (let i = 0; i < CHANNELS; i++) {
    const channel = uptr({ map: `${map}-own`, value: { data } });
    keep(attachThread({ channel })).blocks.data.inner.a = i;
    if (i % 50 === 0) await turn();
  }
}

function listen() {
  const thread = ours.attachThread({ map });
  for (let i = 0; i < LISTENERS; i++) {
    const listener = () => i;
    thread.onStatus(listener).stop();
  }
  const tracker = ours.trackRequests({ thread });
  for (let i = 0; i < LISTENERS; i++) tracker.begin({ urgency: i % 1024 }).end();
  tracker.stop();
}

/** Requests that end well, and ones that are given up. */
async function serve() {
  const server = createServer(async (request, response) => {
    if (request.url === '/slow') await once(response, 'close');
    else response.end('done');
  });
  const tracker = ours?.trackRequests({ thread: ours.attachThread({ map }) });
  const { signal } = new AbortController();
  tracker?.http({ describe: () => ({ urgency: 900, signal }) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await Promise.all(
    Array.from({ length: REQUESTS }, async (_, i) => {
      const path = i % 3 === 0 ? '/slow' : '/';
      const request = get({ port, host: '127.0.0.1', path, agent: false });
      if (i % 3 === 0) {
        const closed = new Promise((resolve) => request.once('close', resolve));
        request.on('error', () => {}); // it is given up
        await once(request, 'socket');
        await turn();
        request.destroy();
        await closed;
      } else {
        const [response] = await once(request, 'response');
        response.resume();
        await once(response, 'close');
      }
    }),
  );
  server.close();
  await once(server, 'close');
  tracker?.stop();
}

/** Workers that start, end and are terminated at any moment. */
async function work() {
  const file = new URL('worker.mjs', import.meta.url);
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, i) => {
      const how = ['end', 'throw', 'exit', 'terminate'][i % 4];
      const worker = new Worker(file, { workerData: { kind, map, how } });
      worker.on('error', () => {});
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      for (let k = 0; ours && k < 1000; k++) ours.hintsOf(worker, { map }).urgency = k;
      if (how === 'terminate') {
        await sleep(Math.random() * 200);
        await worker.terminate();
      }
      await exited;
    }),
  );
}

async function round() {
  if (ours) {
    attachShared();
    attachScoped();
    await attachToChannels();
    listen();
  }
  await serve();
  await work();
  return {};
}

async function until(condition, state) {
  const giveUp = performance.now() + GIVE_UP_MS;
  while (!condition()) {
    if (performance.now() > giveUp) throw new Error(`gave up: ${JSON.stringify(state())}`);
    await sleep(10);
  }
}

/** What each open descriptor is, without the numbers that differ each time. */
function descriptors() {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$|\d+/g, '')];
    } catch {
      return []; // the one of the directory that was read
    }
  });
}

/** What the process holds, with nothing under way. */
async function sample(state) {
  if (ours) {
    const status = () => ours.attachThread({ map }).status;
    await until(() => status().state === state, status);
    await until(() => addon.counts().blocksQuarantined === 0, addon.counts);
  }
  for (let i = 0; i < 3; i++) {
    await turn();
    globalThis.gc();
  }
  const { rss, heapUsed } = process.memoryUsage();
  const { threads, bindings, bound, mapsOpen, pages, blocksUsed } = addon?.counts() ?? {};
  return {
    memory: { rss, heap: heapUsed },
    open: descriptors(),
    counts: {
      threads: readdirSync('/proc/self/task').length,
      ...(addon && { attached: threads, bindings, bound, mapsOpen, pages, blocksUsed }),
    },
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  console.log(JSON.stringify(await (command === 'round' ? round() : sample(argument))));
}
