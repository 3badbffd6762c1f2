// Many threads.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { App, end, endPrograms, hogs, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

after(endPrograms);

test('when a pause is over, the threads that helped in it have no credit for it', async () => {
  const scheduler = await Scheduler.start('--hints', 'gc,helpers');
  const busy = hogs(3);
  const helpers = await Spinner.start(['--helpers', '--threads', '4', '--seconds', '2']);
  helpers.go();
  await scheduler.counted((counts) => counts.helperQueued > 0);
  const { helperQueued } = await scheduler.countsAfterEndOf(helpers);
  const plain = await Spinner.start(['--threads', '4', '--seconds', '1']);
  plain.go();
  await plain.ended;
  assert.equal((await scheduler.countsNow()).helperQueued, helperQueued);
  await end(busy);
  await scheduler.stop();
});

test('a thousand threads with hints are scheduled, and none waits too long', async () => {
  const scheduler = await Scheduler.start();
  const herd = await Spinner.start(['--lie', '--threads', '1000', '--seconds', '10']);
  const app = new App();
  await app.ask('state');
  hogs(2);
  assert.equal(await app.ask('collect', 1), 20_000);
  herd.go();
  await app.ask('collect', 2);
  const { cpu } = await herd.result();
  assert.ok(cpu > 0);
  const counts = await scheduler.stop();
  assert.ok(counts.refused > 0, 'in the end they owe too much');
});

test('workers come and go', async () => {
  const scheduler = await Scheduler.start();
  const app = new App();
  assert.equal(await app.ask('workers', 5), 5);
  await app.ask('collect', 1);
  await app.end();
  await scheduler.stop();
});
