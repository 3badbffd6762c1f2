// What each hint does, by what the scheduler counts: with the hint on, and with all others on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { App, endPrograms, hogs, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

const ALL = ['gc', 'helpers', 'deadline', 'urgency', 'slice', 'batch'];
const allBut = (hint) => ALL.filter((other) => other !== hint).join(',');

let app;
before(() => {
  app = new App();
  hogs(4);
});
after(endPrograms);

/**
 * Runs `work` until the counts come, with this hint alone; then the same work without the hint.
 *
 * @param {string} hint
 * @param {() => Promise<unknown>} work
 * @param {string[]} names of counts that only this hint raises
 */
async function countedOnlyWith(hint, work, names) {
  let scheduler = await Scheduler.start('--hints', hint);
  assert.deepEqual(scheduler.ready.hints, [hint]);
  for (;;) {
    await work();
    if (names.every((name) => scheduler.counts[name] > 0)) break;
  }
  const counts = await scheduler.stop();
  scheduler = await Scheduler.start('--hints', allBut(hint));
  await work();
  const without = await scheduler.stop();
  for (const name of names) assert.equal(without[name], 0, `${name} without ${hint}`);
  return { counts, without };
}

test('gc: a thread inside a pause keeps its CPU, and goes ahead when it waits', async () => {
  await countedOnlyWith('gc', () => app.ask('collect', 5), ['gcExtended', 'gcAhead']);
});

test('helpers: the threads that help in a pause go ahead', async () => {
  await countedOnlyWith('helpers', () => app.ask('collect', 5), ['helperAhead', 'helperExtended']);
});

test('helpers: those that wait when a pause begins are looked for, and go back after it', async () => {
  const scheduler = await Scheduler.start('--hints', 'gc,helpers');
  const spinner = await Spinner.start(['--helpers', '--threads', '4', '--seconds', '5']);
  spinner.go();
  await scheduler.counted((counts) => counts.promoted > 0 && counts.demoted > 0);
  await spinner.result();
  await scheduler.stop();
});

test('urgency: a thread that wakes up takes a CPU from one that is less in a hurry', async () => {
  await app.ask('hints', { urgency: 900 });
  const { counts, without } = await countedOnlyWith('urgency', () => app.ask('wake', 1000), [
    'urgency',
  ]);
  assert.ok(counts.kicked > 0);
  assert.equal(without.kicked, 0);
  await app.ask('hints', { urgency: 0 });
});

test('deadline: so does one that is due soon', async () => {
  const work = async () => {
    await app.ask('hints', { deadlineMs: 5 });
    await app.ask('wake', 1000);
  };
  const { counts, without } = await countedOnlyWith('deadline', work, ['deadline']);
  assert.ok(counts.kicked > 0);
  assert.equal(without.kicked, 0);
  await app.ask('hints', { deadlineNs: 0n });
});

test('slice: the length wished for is given', async () => {
  await app.ask('hints', { sliceUs: 2000 });
  await countedOnlyWith('slice', () => app.ask('spin', 500), ['slice']);
  await app.ask('hints', { sliceUs: 0 });
});

test('batch: yields to all, and is not forgotten', async () => {
  await app.ask('hints', { urgency: 1 });
  await countedOnlyWith('batch', () => app.ask('spin', 200), ['batchQueued', 'batchRescued']);
  await app.ask('hints', { urgency: 0 });
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

test('after an execve the old hints are gone', async () => {
  const scheduler = await Scheduler.start();
  const spinner = await Spinner.start(['--lie', '--seconds', '1']);
  spinner.go();
  const { execs } = scheduler.counts;
  await spinner.result();
  // A shell of ours that execs: its element goes, if it had one; programs without have none.
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  assert.equal(scheduler.counts.execs, execs, 'a program that had no block drops none');
  await scheduler.stop();
});
