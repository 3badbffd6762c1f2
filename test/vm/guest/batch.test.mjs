// Batch work under load: it has an eighth of its weight, and still its turns.

import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

test('batch: it is queued as such', async () => {
  await app.ask('hints', { batch: true });
  await countedOnlyWith('batch', () => app.ask('spin', 500), ['batchQueued']);
});

test('batch: it waits for less than the 30 s after which the kernel would end the scheduler', async () => {
  const scheduler = await Scheduler.start();
  while (!(scheduler.counts.batchQueued > 0)) await app.ask('spin', 200);
  for (let i = 0; i < 5; i++) await app.ask('spin', 200);
  await scheduler.stop(); // which asserts that the kernel did not complain
});
