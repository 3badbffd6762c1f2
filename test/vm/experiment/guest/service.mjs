// A service of the experiment: an HTTP server on the main thread, which also collects fully now and then, and background work: in worker
// threads, or in a pool that makes the answers too. Argument: JSON of its inputs (../scenarios.mjs). It does what its
// parent asks for, and ends with it.

import { createServer } from 'node:http';
import { attachThread } from 'schedhint';
import { answerFrom, makeHeap } from './answer.mjs';
import { keepUrgency } from './automatic-urgency.mjs';
import { Background } from './background.mjs';
import { Pool } from './pool.mjs';

/** More than the connections of all clients: connecting would wait for a second otherwise, and the client with it. */
const BACKLOG = 4096;

const options = JSON.parse(process.argv[2]);
const thread = attachThread();
if (options.automatic) keepUrgency(thread);
else thread.hints.urgency = options.urgency;

const heap = makeHeap(options.objects);
const background = await (options.pool
  ? Pool.start({ ...options.pool, automatic: options.automatic })
  : Background.start({ ...options.background, automatic: options.automatic }));
const answer = options.pool
  ? (response) => background.answer().then((text) => response.end(text))
  : (response) => response.end(answerFrom(heap));
const server = createServer((_request, response) => answer(response));
server.keepAliveTimeout = 0; // a connection is there for the whole run

/** CLOCK_MONOTONIC in ms, which the other processes have too. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

function collect() {
  const start = now();
  globalThis.gc();
  return [start, now() - start];
}

let timer;
let collections;
const requests = {
  listen: () =>
    new Promise((done) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () =>
        done(server.address().port),
      ),
    ),
  /** Full collections with rests between them, as they are when nothing else runs: ms of each. */
  collect: async (count) => {
    const times = [];
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      times.push(collect()[1]);
    }
    return times;
  },
  begin: ({ phaseMs }) => {
    collections = [];
    background.go();
    if (!options.everyMs) return;
    timer = setTimeout(() => {
      timer = setInterval(() => collections.push(collect()), options.everyMs);
    }, phaseMs);
  },
  /** When each collection began, and its wall time, in ms; and what each report took. */
  end: () => {
    clearInterval(timer);
    background.rest();
    return { collections, reports: background.reports };
  },
  state: () => ({
    main: thread.status.state,
    code: thread.status.code,
    background: background.states(),
    tids: background.tids(),
  }),
};

process.on('message', async ({ id, request, argument }) => {
  process.send({ id, answer: (await requests[request](argument)) ?? null });
});
process.on('disconnect', () => process.exit());
