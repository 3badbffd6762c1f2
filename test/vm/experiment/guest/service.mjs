// A service of the experiment: an HTTP server on the main thread, which also collects fully now and then, and background work: in worker
// threads, or in a pool that makes the answers too. Argument: JSON of its inputs (../scenarios.mjs). It does what its
// parent asks for, and ends with it.

import { createServer } from 'node:http';
import { attachThread } from 'schedhint';
import { answerFrom, makeHeap } from './answer.mjs';
import { keepUrgency } from './automatic-urgency.mjs';
import { Background } from './background.mjs';
import { majorCollections, newRecord, recordMajorCollections } from './major-collections.mjs';
import { Pool } from './pool.mjs';

const options = JSON.parse(process.argv[2]);
const thread = attachThread();
if (options.automatic) keepUrgency(thread);
else thread.hints.urgency = options.urgency;

const record = newRecord();
recordMajorCollections(record);
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

/** At that time and each period after it, however late one is: all arms collect as often. */
function collectAt(atMs) {
  timer = setTimeout(() => {
    collections.push(collect());
    let next = atMs + options.everyMs;
    while (next < now()) next += options.everyMs;
    collectAt(next);
  }, atMs - now());
}
const requests = {
  listen: () =>
    new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port))),
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
    collectAt(now() + phaseMs + options.everyMs);
  },
  /** When each collection began, and its wall time, in ms; what each report took; and all full collections, V8's own among them. */
  end: () => {
    clearTimeout(timer);
    background.rest();
    const majors = [...majorCollections(record), ...background.majorCollections()];
    return { collections, reports: background.reports, majors };
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
