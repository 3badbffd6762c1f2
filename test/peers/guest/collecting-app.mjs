// The app: collects when it is asked to, and serves requests.

import { createServer } from 'node:http';
import { attachThread } from 'schedhint';
import { layered } from 'schedhint/channels';

const options = JSON.parse(process.argv[2]);
const thread = process.env.SCHEDHINT_LAYERED_MAP
  ? attachThread({ channel: layered() })
  : attachThread();
thread.hints.urgency = options.urgency;

const make = (i) => ({ id: i, text: `object ${i}`, parts: [i, i + 1, i + 2, i + 3] });
const heap = {
  old: Array.from({ length: options.objects }, (_, i) => make(i)),
  young: [],
};
let next = 0;

const server = createServer((_request, response) => {
  const answer = [];
  for (let i = 0; i < 100; i++) {
    const made = make(i);
    answer.push(made);
    if (i % 10 === 0) heap.old[next++ % heap.old.length] = made;
  }
  response.end(JSON.stringify(answer));
});

server.keepAliveTimeout = 0; // a connection is there for the whole run

/** CLOCK_MONOTONIC in ms, which the client has too. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Wall time of each, in ms, with a rest before it. */
async function time(count, restMs, prepare, collect) {
  const times = [];
  for (let i = 0; i < count; i++) {
    await rest(restMs);
    prepare();
    const start = performance.now();
    collect();
    times.push(performance.now() - start);
  }
  return times;
}

let timer;
let collections;
const requests = {
  listen: () =>
    new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port))),
  full: () =>
    time(
      options.collections,
      700,
      () => {},
      () => globalThis.gc(),
    ),
  scavenges: async () => {
    const times = await time(
      options.scavenges,
      300,
      () => {
        heap.young = Array.from({ length: options.survivors }, (_, i) => make(i));
      },
      () => globalThis.gc({ type: 'minor' }),
    );
    heap.young = [];
    return times;
  },
  collectNowAndThen: () => {
    collections = [];
    timer = setInterval(() => {
      const start = now();
      globalThis.gc();
      collections.push([start, now() - start]);
    }, options.every);
  },
  /** When each began, and its wall time, in ms. */
  stopCollecting: () => {
    clearInterval(timer);
    return collections;
  },
  state: () => ({ state: thread.status.state, code: thread.status.code, pid: process.pid }),
};

process.on('message', async ({ id, request }) => {
  process.send({ id, answer: (await requests[request]()) ?? null });
});
process.on('disconnect', () => process.exit());
