// The Node.js app: a main thread and three workers. schedhint/register, which is preloaded, publishes
// their collections; what they hint beyond that is in styles.mjs. The demo starts it, talks with it
// over its IPC channel, and does not leave it behind.

import { threadId, Worker } from 'node:worker_threads';
import { hintsOf } from 'schedhint';
import { Calls } from './calls.mjs';
import { startEmbeddedReader } from './embedded.mjs';
import { MAIN_STYLE, WORKER_STYLES } from './styles.mjs';
import { WorkingThread } from './working-thread.mjs';

const NUMBERS_EVERY_MS = 250;

const main = new WorkingThread(MAIN_STYLE);
const threads = [
  { role: 'main', threadId, ask: async (name) => main.answers[name]() },
  ...WORKER_STYLES.map(startWorker),
];
/** @type {import('./embedded.mjs').EmbeddedReader | null} */
let reader = null;
let numbersTimer;

const demo = new Calls((message) => process.send(message), {
  /** Whether the kernel holds the blocks, once all threads have theirs. */
  async status() {
    const statuses = await everywhere('status');
    const unbound = statuses.find(({ state }) => state !== 'bound');
    return unbound === undefined
      ? { bound: true, by: statuses[0].map.by }
      : { bound: false, reason: unbound.reason };
  },
  async start({ embedded }) {
    let blind = '';
    if (embedded) {
      const tids = await everywhere('tid');
      const known = threads.map(({ threadId }, i) => ({ threadId, tid: tids[i] }));
      const onSnapshot = (snapshot) => demo.tell('snapshot', snapshot);
      ({ reader = null, blind = '' } = await startEmbeddedReader(known, onSnapshot));
    }
    numbersTimer = setInterval(tellNumbers, NUMBERS_EVERY_MS);
    await everywhere('start');
    return { blind };
  },
  async rest() {
    clearInterval(numbersTimer);
    await everywhere('rest');
  },
  /** The embedded reader's last look; the observer's does not come through here. */
  lastLook: () => reader?.lastLook(),
  async report() {
    const reports = await everywhere('report');
    WORKER_STYLES.forEach(({ fromParent }, i) => {
      Object.assign(reports[i + 1].hints, fromParent);
    });
    return reports.map((report, i) => ({ role: threads[i].role, ...report }));
  },
  end: () => process.exit(),
});
// Whichever comes first: the demo says so, or it is gone.
process.on('disconnect', () => process.exit());
process.on('message', (message) => demo.receive(message));

function startWorker(style) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: style });
  const calls = new Calls((message) => worker.postMessage(message));
  worker.on('message', (message) => calls.receive(message));
  // Its error has been thrown here already, and ends the app; an exit without one must as well.
  worker.on('exit', (code) => {
    throw new Error(`the ${style.name} worker has ended (exit code ${code})`);
  });
  // They are there for the kernel to see as soon as the worker has attached itself.
  if (style.fromParent) hintsOf(worker).set(style.fromParent);
  return { role: 'worker', threadId: worker.threadId, ask: (name) => calls.ask(name) };
}

/** Asks all threads the same, and returns their answers, the main thread's first. */
function everywhere(name) {
  return Promise.all(threads.map(({ ask }) => ask(name)));
}

async function tellNumbers() {
  const numbers = await everywhere('numbers');
  demo.tell(
    'numbers',
    numbers.map((of, i) => ({ role: threads[i].role, ...of })),
  );
}
