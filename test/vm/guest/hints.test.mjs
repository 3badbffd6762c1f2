// What each of the other hints does, by what the scheduler counts: with the hint on, and with all others on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allBut, countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

/** What only hints can raise. */
const BY_HINTS = [
  ...['pauseQueued', 'helperQueued', 'urgencyQueued', 'deadlineQueued', 'batchQueued'],
  ...['inherited', 'shortened', 'refused', 'hintedNs', 'owedNs', 'repaidNs'],
];

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

test('urgency: a thread that wakes up takes a CPU from one with a later key', async () => {
  await app.ask('hints', { urgency: 900 });
  await countedOnlyWith('urgency', () => app.ask('wake', 1000), ['urgencyQueued'], ['preempted']);
  await app.ask('hints', { urgency: 0 });
});

test('deadline: so does one whose deadline is near', async () => {
  const work = async () => {
    // Up to five slices ahead it counts, and once it is past no more.
    await app.ask('hints', { deadlineMs: 90 });
    await app.ask('wake', 1000);
  };
  await countedOnlyWith('deadline', work, ['deadlineQueued'], ['preempted']);
  await app.ask('hints', { deadlineNs: 0n });
});

test('slice: a shorter turn is given', async () => {
  await app.ask('hints', { sliceUs: 2000 });
  await countedOnlyWith('slice', () => app.ask('spin', 500), ['shortened']);
  await app.ask('hints', { sliceUs: 0 });
});

test('pool: work in the pool is as urgent, and as soon due, as the thread that waits for it', async () => {
  const work = () => app.ask('hash', 20);
  await app.ask('hints', { urgency: 900 });
  let scheduler = await Scheduler.start('--hints', 'urgency,pool');
  while (!(scheduler.counts.inherited > 0)) await work();
  await scheduler.stop();
  scheduler = await Scheduler.start('--hints', allBut('pool'));
  await work();
  assert.equal((await scheduler.stop()).inherited, 0);
  await app.ask('hints', { urgency: 0 });
  scheduler = await Scheduler.start('--hints', 'deadline,pool');
  while (!(scheduler.counts.inherited > 0)) {
    await app.ask('hints', { deadlineMs: 1000 });
    await work();
  }
  await scheduler.stop();
  // Of a thread without an opinion there is nothing to inherit.
  await app.ask('hints', { deadlineNs: 0n });
  scheduler = await Scheduler.start('--hints', 'all');
  await work();
  assert.equal((await scheduler.stop()).inherited, 0);
});

test('without hints none of them does anything', async () => {
  const scheduler = await Scheduler.start('--hints', 'none');
  await app.ask('hints', { urgency: 900, sliceUs: 2000, deadlineMs: 5 });
  await app.ask('collect', 3);
  const counts = await scheduler.stop();
  assert.ok(counts.queued > 0);
  for (const name of BY_HINTS) assert.equal(counts[name], 0, name);
});
