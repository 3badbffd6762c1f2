// When hints end: with the thread that gave them, and with its program. No program here has a collector, whose pauses would be counted too.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endPrograms, hogs, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

/** What only a pause can raise here. */
const BY_PAUSES = ['pauseQueued', 'helperQueued', 'refused'];

before(() => {
  hogs(3);
});
after(endPrograms);

test('a thread that ended leaves its hints to no other', async () => {
  const scheduler = await Scheduler.start();
  const liar = await Spinner.start(['--lie', '--seconds', '1']);
  liar.go();
  await scheduler.counted((counts) => counts.pauseQueued > 0);
  const before = await scheduler.countsAfterEndOf(liar);
  const honest = await Spinner.start(['--threads', '4', '--seconds', '1']);
  honest.go();
  await honest.ended;
  const counts = await scheduler.stop();
  assert.ok(counts.queued > before.queued, 'others waited for a CPU since');
  for (const name of BY_PAUSES) assert.equal(counts[name], before[name], name);
});

test('after an execve the element is dropped', async () => {
  const scheduler = await Scheduler.start();
  const spinner = await Spinner.start(['--lie', '--exec', '--seconds', '1']);
  spinner.go();
  await spinner.result();
  await scheduler.counted((counts) => counts.execs > 0);
  await scheduler.stop();
});
