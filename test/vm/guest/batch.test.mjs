// A batch thread waits for all others, and here they never stop: this takes a minute, so it is a file
// of its own, for one kernel.

import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms } from './programs.mjs';

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

test('batch: yields to all, and is not forgotten', async () => {
  await app.ask('hints', { batch: true });
  await countedOnlyWith('batch', () => app.ask('state'), ['batchQueued', 'batchRescued']);
  await app.ask('hints', { batch: false });
});
