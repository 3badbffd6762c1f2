// What each of the other hints does, by what the scheduler counts: with the hint on, and with all others on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allBut, countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

test('urgency: a thread that wakes up takes a CPU from one that is less in a hurry', async () => {
  await app.ask('hints', { urgency: 900 });
  await countedOnlyWith('urgency', () => app.ask('wake', 1000), ['urgency'], ['kicked']);
  await app.ask('hints', { urgency: 0 });
});

test('deadline: so does one that is due soon', async () => {
  const work = async () => {
    // Up to five slices ahead it counts, and once it is past no more.
    await app.ask('hints', { deadlineMs: 90 });
    await app.ask('wake', 1000);
  };
  await countedOnlyWith('deadline', work, ['deadline'], ['kicked']);
  await app.ask('hints', { deadlineNs: 0n });
});

test('slice: the length wished for is given', async () => {
  await app.ask('hints', { sliceUs: 2000 });
  await countedOnlyWith('slice', () => app.ask('spin', 500), ['slice']);
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
  const plain = ['switches', 'idle', 'queued', 'groupsKept', 'execs', 'type', 'final'];
  for (const [name, count] of Object.entries(counts)) {
    if (!plain.includes(name)) assert.equal(count, 0, name);
  }
});

test('after an execve the element is dropped', async () => {
  const scheduler = await Scheduler.start();
  const spinner = await Spinner.start(['--lie', '--exec', '--seconds', '1']);
  spinner.go();
  await spinner.result();
  await scheduler.counted((counts) => counts.execs > 0);
  await scheduler.stop();
});
