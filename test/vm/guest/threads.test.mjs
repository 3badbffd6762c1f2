// Many threads.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { App, endPrograms, hogs, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

after(endPrograms);

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
