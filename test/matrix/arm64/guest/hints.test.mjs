// The life of an app of four threads, step by step: before the reader, with it, without it, with the next one. What counts is what the
// kernel's reader sees. The user of the app may do nothing but come to the pin.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endPrograms } from '../../../vm/guest/programs.mjs';
import { until } from '../../../vm/guest/until.mjs';
import { note } from './notes.mjs';
import { startReader, stopReader } from './reader.mjs';
import { openBpffs, startApp, UID } from './user.mjs';

const COLLECTIONS = 10;
/** schedhint_thread.phase */
const SERVING = 2;

let app;
let observer;

const each = (request, argument) => app.ask('each', { request, argument });

/** The app's threads as the kernel knows them. */
async function seenThreads() {
  const { threads } = await observer.snapshot();
  return threads.filter(
    ({ tgid, kind, exited }) => tgid === app.process.pid && kind === 'js' && !exited,
  );
}

/** Waits until all threads say this of themselves. @returns {Promise<any[]>} */
async function untilEach(what, matches) {
  let states;
  await until(
    `each thread ${what}`,
    async () => {
      states = await each('state');
      return states.every(matches);
    },
    () => states.map(({ seenNs, runDelayNs, ...state }) => state),
  );
  return states;
}

/** Waits until the kernel sees the threads like this. */
async function untilSeen(what, matches) {
  let threads;
  await until(
    `the kernel sees ${what}`,
    async () => {
      await each('state'); // a reader looks at who runs
      threads = await seenThreads();
      return matches(threads);
    },
    () =>
      threads.map(({ tid, gcCount, gcNs, hints: { urgency } }) => ({
        tid,
        gcCount,
        gcNs,
        urgency,
      })),
  );
  return threads;
}

before(async () => {
  openBpffs();
  app = startApp({}, 'four-threads.mjs');
  await app.ask('start');
});
after(async () => {
  await stopReader();
  await endPrograms();
});

test('1 before there is a map, each thread waits', async () => {
  const states = await each('state');
  assert.equal(states.length, 4);
  for (const { state, code } of states) {
    assert.deepEqual({ state, code }, { state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
  }
});

test('2 when a reader comes, each is bound', async () => {
  observer = await startReader({ group: UID });
  await untilEach('is bound', ({ state }) => state === 'bound');
});

test('3 the kernel sees four threads', async () => {
  const states = await each('state');
  const seen = await untilSeen('four threads', (threads) => threads.length === 4);
  const tids = (threads) => threads.map(({ tid }) => tid).sort();
  assert.deepEqual(tids(seen), tids(states));
});

test('4 its counts of collections rise, and are no smaller than those of perf_hooks', async () => {
  const before = await seenThreads();
  const states = await each('collect', COLLECTIONS);
  const rise = ({ tid, gcCount }) => gcCount - before.find((thread) => thread.tid === tid).gcCount;
  const seen = await untilSeen('collections', (threads) =>
    threads.every((thread) => rise(thread) >= COLLECTIONS),
  );
  for (const { tid, collections } of states) {
    const { gcCount } = seen.find((thread) => thread.tid === tid);
    assert.ok(collections >= COLLECTIONS, `perf_hooks counted ${collections}`);
    assert.ok(gcCount >= collections, `${gcCount} seen, perf_hooks counted ${collections}`);
  }
  note(`collections of 4 threads: ${seen.map(({ gcCount }) => gcCount).join(', ')}`);
});

test('5 it knows how long they took', async () => {
  for (const { gcNs } of await seenThreads()) assert.ok(gcNs > 0);
});

test('6 it sees the hints', async () => {
  const hints = { urgency: 900, sliceUs: 2000, deadlineMs: 60_000, phase: 'serving' };
  await each('hints', hints);
  await untilSeen('the hints of each', (threads) =>
    threads.every(
      ({ hints: { urgency, sliceUs, deadlineNs, phase } }) =>
        urgency === 900 && sliceUs === 2000 && deadlineNs > 0n && phase === SERVING,
    ),
  );
});

test('7 it sees the hints that a parent gives its three workers', async () => {
  const urgencies = [601, 602, 603];
  await app.ask('hintWorkers', urgencies);
  await untilSeen('them', (threads) =>
    urgencies.every((wanted) => threads.some(({ hints: { urgency } }) => urgency === wanted)),
  );
});

test('8 each thread reads back that it was seen', async () => {
  const states = await untilEach('is read', ({ isRead, seenNs }) => isRead && seenNs > 0n);
  for (const { runDelayNs } of states) assert.equal(typeof runDelayNs, 'bigint');
});

test('9 after terminate() there are three', async () => {
  assert.equal(await app.ask('terminate'), 'ERR_SCHEDHINT_THREAD_ENDED');
  await untilSeen('three threads', (threads) => threads.length === 3);
});

test('10 when the reader goes, each thread waits', async () => {
  await stopReader();
  await untilEach(
    'waits',
    ({ state, code }) => state === 'waiting' && code === 'ERR_SCHEDHINT_MAP_NOT_FOUND',
  );
});

test('11 with the next reader each is bound again, and its counts are there', async () => {
  observer = await startReader({ group: UID });
  await untilEach('is bound', ({ state }) => state === 'bound');
  await each('collect', 5);
  const seen = await untilSeen(
    'three threads with all collections',
    (threads) =>
      threads.length === 3 &&
      threads.every(({ gcCount, gcNs }) => gcCount >= COLLECTIONS + 5 && gcNs > 0),
  );
  note(`after the next reader came, of 3: ${seen.map(({ gcCount }) => gcCount).join(', ')}`);
  await app.end();
});
