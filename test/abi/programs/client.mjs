// The client in Node.js that abi/conformance leads: an isolate for each name, main or a worker. The lines that it obeys are in
// abi/conformance/conformance.c.

import { createInterface } from 'node:readline';
import v8 from 'node:v8';
import vm from 'node:vm';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { attachThread, startGcHints } from 'schedhint';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const map = process.env.SCHEDHINT_MAP;

let thread;
let hooks;
let groups = 0;

/** A pause's length must be seen: 2 ms take some 100 000 objects. */
const live = Array.from({ length: 200_000 }, (_, i) => ({ i }));

const verbs = {
  async attach() {
    thread = attachThread({ map, scoped: true });
    hooks = startGcHints({ map });
    return String(thread.tid);
  },
  async urgency(urgency, hints) {
    thread.hints.set({ urgency: Number(urgency), batch: Number(hints) === 1 });
  },
  async phase(phase) {
    thread.hints.phase = ['none', 'starting', 'serving', 'draining'][phase];
  },
  async groups(ms) {
    const end = performance.now() + Number(ms);
    while (performance.now() < end) {
      for (let i = 0; i < 100; i++) {
        const k = ++groups;
        thread.hints.set({ deadlineNs: BigInt(k), urgency: (k % 1024) + 1, user: 3 * k });
      }
    }
  },
  async collect(kind) {
    if (kind === 'minor') {
      // Survivors make it take long enough to be seen.
      live.splice(0, 100_000, ...Array.from({ length: 100_000 }, (_, i) => ({ i })));
      gc({ type: 'minor' });
    } else {
      gc();
    }
  },
  async detach() {
    hooks.stop();
    thread.stop();
  },
};

async function obey(line) {
  const [verb, , ...words] = line.split(' ');
  try {
    const answer = await verbs[verb](...words);
    return answer === undefined ? 'ok' : `ok ${answer}`;
  } catch (error) {
    return `error ${error.message}`;
  }
}

if (isMainThread) {
  const workers = new Map();
  const ask = (worker, line) =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage(line);
    });
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, name] = line.split(' ');
    if (verb === 'end') {
      process.stdout.write('ok\n', () => process.exit());
      continue;
    }
    if (name !== 'main' && !workers.has(name)) {
      workers.set(name, new Worker(new URL(import.meta.url)));
    }
    const answer = name === 'main' ? await obey(line) : await ask(workers.get(name), line);
    process.stdout.write(`${answer}\n`);
  }
} else {
  parentPort.on('message', async (line) => parentPort.postMessage(await obey(line)));
}
