// Hints by task local data: an app that has no other way to say them.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { App, endPrograms, hogs } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';
import { until } from './until.mjs';

const PIN = '/sys/fs/bpf/task_local_data';

after(endPrograms);

test('task local data: hints and collections are acted on', async () => {
  // The app looks for the standard map where there is none.
  const app = new App({ SCHEDHINT_MAP: '/sys/fs/bpf/nothing', SCHEDHINT_TLD_MAP: PIN });
  await app.ask('state');
  hogs(3);
  let scheduler = await Scheduler.start('--tld', PIN);
  await until('the app is bound', async () => (await app.ask('state')).state === 'bound');

  await app.ask('hints', { urgency: 900, sliceUs: 2000, deadlineMs: 5 });
  const all = ['gcExtended', 'gcAhead', 'helperAhead', 'urgency', 'deadline', 'slice', 'tld'];
  while (!all.every((name) => scheduler.counts[name] > 0)) {
    await app.ask('collect', 3);
    await app.ask('hints', { deadlineMs: 90 }); // once it is past it counts no more
    await app.ask('wake', 200);
  }
  await app.ask('hints', { batch: true });
  await app.ask('state');
  await scheduler.counted((counts) => counts.batchQueued > 0);
  await scheduler.stop();
  assert.ok(!existsSync(PIN));

  // Without the option nobody looks.
  scheduler = await Scheduler.start();
  await app.ask('collect', 3);
  await app.ask('wake', 200);
  const counts = await scheduler.stop();
  for (const name of [...all, 'batchQueued']) assert.equal(counts[name], 0, name);
  await app.end();
});
