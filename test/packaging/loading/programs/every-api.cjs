// Calls every function that the packages export, as an application does that was written for schedhint, and says what came of it.

const asyncHooks = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const { readdirSync, readFileSync } = require('node:fs');
const http = require('node:http');
const { Worker } = require('node:worker_threads');
// Loaded before the counts: these are the application's.
const { metrics } = require('@opentelemetry/api');
const fastify = require('fastify');
const prom = require('prom-client');

const names = () => {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return [...new Set(maps.match(/\/.*\.(so|node)[.\d]*$/gm))].sort();
};
const threads = () =>
  readdirSync('/proc/self/task').map((tid) =>
    readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim(),
  );
const descriptors = () => readdirSync('/proc/self/fd').length;

let observers = 0;
const { observe } = PerformanceObserver.prototype;
PerformanceObserver.prototype.observe = function (...args) {
  observers++;
  return observe.apply(this, args);
};
let asyncHooksEnabled = 0;
const { createHook } = asyncHooks;
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  const { enable } = hook;
  hook.enable = () => {
    asyncHooksEnabled++;
    return enable.call(hook);
  };
  return hook;
};

async function main() {
  const server = http.createServer(() => {});
  const listeners = () =>
    server.eventNames().reduce((sum, event) => sum + server.listenerCount(event), 0);
  const app = fastify();
  const before = { files: names(), descriptors: descriptors(), listeners: listeners() };

  const schedhint = { ...require('schedhint'), ...require('@schedhint/core') };
  const { fastifyRequests } = require('schedhint/fastify');
  const { bullmqJobs } = require('schedhint/bullmq');
  const { grpcRequests } = require('schedhint/grpc');
  const { piscinaTasks, withHints } = require('schedhint/piscina');
  const { collect } = require('schedhint/metrics');
  const { logStatus } = require('schedhint/log');

  const { layered, tld, uptr } = schedhint;
  const own = { own: schedhint.struct('own', { result: schedhint.u32 }) };
  const channels = [
    uptr(),
    uptr({ map: '/nonexistent/own', value: own }),
    layered({ map: '/nonexistent/layered' }),
    tld({ map: '/nonexistent/tld', keys: { key: schedhint.u64 } }),
  ];
  const thread = schedhint.attachThread();
  const attached = [
    thread,
    ...channels.map((channel) => schedhint.attachThread({ channel })),
    schedhint.attachThread({ channels }),
  ];
  thread.hints.set({ urgency: 900, deadlineNs: schedhint.deadlineIn(20) });
  thread.onStatus(() => {});
  schedhint.announceStatus(thread);
  const published = schedhint.publishCollections(thread);
  const sources = [
    {},
    { stats: true },
    { source: 'v8' },
    { source: 'perf_hooks' },
    ...channels.map((channel) => ({ channel })),
  ].map((options) => schedhint.startGcHints(options).source);
  const monitor = schedhint.watchStalls({ thresholdMs: 10, stack: true });
  const starved = monitor.isStarved(0);
  const tracker = schedhint.trackRequests();
  const { signal } = new AbortController();
  const request = tracker.begin({ urgency: 950, signal });
  const work = piscinaTasks((task) => tracker.run({ urgency: 1000 }, () => task), { tracker });
  const ran = work(withHints(2, { urgency: 960 }));
  tracker.http({ server, describe: () => ({ urgency: 800 }) });
  tracker.http();
  await app.register(fastifyRequests, { tracker });
  await app.register(fastifyRequests);
  const call = { stream: new EventEmitter(), getDeadline: () => Date.now() + 50 };
  bullmqJobs(() => new Promise(() => {}), { tracker })({ queueName: 'test' });
  grpcRequests({ tracker })({ path: '/test.Shop/Pay' }, call);
  let inFlight = tracker.inFlight;
  app.get('/', { config: { schedhint: { urgency: 900 } } }, async () => {
    inFlight += tracker.inFlight;
    return 'ok';
  });
  const { payload } = await app.inject('/');
  const register = new prom.Registry();
  collect(register);
  await register.metrics();
  collect(metrics.getMeter('test'));
  const lines = [];
  const logger = { info: (_, line) => lines.push(line), warn: (_, line) => lines.push(line) };
  logStatus(logger, thread);

  const told = {
    statuses: [...new Set(attached.map(({ status }) => status.code))],
    sources: [...new Set(sources)],
    published: published !== null,
    urgency: thread.hints.urgency,
    ran,
    payload,
    inFlight,
    starved,
    feedback: thread.feedback.source,
    lines: lines.length,
    newFiles: names()
      .filter((file) => !before.files.includes(file))
      .map((file) => file.replace(/.*\//, '')),
    newThreads: threads().filter((name) => name.startsWith('schedhint')),
    newDescriptors: Math.max(0, descriptors() - before.descriptors), // Node.js may close one that it opened at its start
    observers,
    asyncHooksEnabled,
    workerListeners: process.listenerCount('worker'),
    serverListeners: listeners() - before.listeners,
    hasSubscribers: diagnostics.hasSubscribers(schedhint.STATUS_CHANNEL),
    tracksAllServers: diagnostics.hasSubscribers('http.server.request.start'),
  };
  request.end();
  await app.close();

  const worker = new Worker('require("node:worker_threads").parentPort.once("message", () => {})', {
    eval: true,
  });
  schedhint.hintsOf(worker).urgency = 7;
  told.workerStatus = schedhint.threadOf(worker).status.code;
  worker.postMessage('end');
  worker.once('exit', () => {
    console.log(JSON.stringify(told));
    process.exit();
  });
}

main();
