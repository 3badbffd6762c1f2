// Terminates workers inside one native entry. Arguments: the gate, the addon, the map, the entry, how
// often, and how often it has been done before.
//
// Prints a line of JSON for each: before which Node-API call of the addon the worker stood.

const { ok, deepEqual } = require('node:assert/strict');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { Socket } = require('node:net');
const { dirname, join } = require('node:path');
const { isMainThread, parentPort, threadId, Worker, workerData } = require('node:worker_threads');
const { cleanUp, entries } = require('./entries.cjs');

const AT_ONCE = 4;
const COUNT_ONLY = -1;

if (isMainThread) parent(...process.argv.slice(2));
else live(workerData);

async function live({ gateFile, entry, slot, calls, ...context }) {
  const gate = load(gateFile);
  parentPort.on('message', () => {}); // what it waits for keeps no event loop alive
  // Next to the map, since where no map can come nothing watches. Goes with the bpffs if the worker is terminated.
  const own = join(dirname(context.map), `of-${process.pid}-${threadId}`);
  const { across } = entries[entry];
  const act = entries[entry]({ ...context, own });
  if (across === undefined) gate.arm(slot, calls);
  else gate.await(slot, across);
  await act();
  const seen = gate.disarm();
  cleanUp({ own });
  parentPort.postMessage({ seen });
  process.exit();
}

async function parent(gateFile, file, map, entry, times, before) {
  const gate = load(gateFile);
  gate.put(file);
  const arrivals = listenTo(gate.arrivals);
  const start = (slot, calls) =>
    new Worker(__filename, { workerData: { gateFile, file, map, entry, slot, calls } });
  const calls = entries[entry].across === undefined ? await countCalls(start) : 1;
  ok(calls > 0, 'the entry makes no call');
  let next = Number(before);
  const end = next + Number(times);
  const work = async (slot) => {
    while (next < end) {
      const turn = next++;
      await terminate(gate, arrivals, slot, start(slot, turn % calls));
    }
  };
  const workers = entries[entry].across === undefined ? AT_ONCE : 1;
  await Promise.all(Array.from({ length: workers }, (_, slot) => work(slot)));
  arrivals.close();
  await nothingIsLeft(file);
}

/** How many calls the addon makes in the entry: those of workers that are left alone, of which a finalizer may have made some more. */
async function countCalls(start) {
  const counts = [];
  for (let i = 0; i < 3; i++) {
    const worker = start(0, COUNT_ONLY);
    worker.on('message', ({ seen }) => seen !== undefined && counts.push(seen));
    await once(worker, 'exit');
  }
  return Math.min(...counts);
}

async function terminate(gate, arrivals, slot, worker) {
  const failed = once(worker, 'error').then(([error]) => error);
  const ended = once(worker, 'exit').then(() => 'it ended without having been inside');
  const problem = await Promise.race([arrivals.next(slot), failed, ended]);
  if (problem !== undefined) throw new Error('no worker to terminate', { cause: problem });
  const call = gate.callAt(slot);
  const gone = worker.terminate(); // which Node.js has marked when this returns
  gate.resume(slot);
  await gone;
  console.log(JSON.stringify({ inside: call }));
}

/** The threads that have stopped, by slot. */
function listenTo(fd) {
  const waiting = new Map();
  const socket = new Socket({ fd, readable: true, writable: false });
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    for (; rest.length >= 4; rest = rest.subarray(4)) waiting.get(rest.readInt32LE())();
  });
  return {
    next: (slot) => new Promise((resolve) => waiting.set(slot, resolve)),
    close: () => socket.destroy(),
  };
}

/** Nothing of the workers outlives them, and it was the addon with the gates that they ran. */
async function nothingIsLeft(file) {
  const { addon } = require('@schedhint/native').loadAddon();
  const { threads, bindings, bound, blocksUsed } = addon.counts();
  deepEqual(
    { threads, bindings, bound, blocksUsed, workers: addon.unreachedWorkers() },
    {
      ...{ threads: 0, bindings: 0, bound: 0, blocksUsed: 0, workers: 0 },
    },
  );
  const mapped = readFileSync('/proc/self/maps', 'utf8').match(/\S+schedhint\.node/g);
  deepEqual([...new Set(mapped)], [file]);
  console.log(JSON.stringify({ done: true }));
}

function load(file) {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}
