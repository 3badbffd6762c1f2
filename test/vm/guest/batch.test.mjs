// A batch thread waits for all others, and here they never stop: this takes a minute, so it is a file
// of its own, for one kernel.

import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { App, endPrograms, hogs } from './programs.mjs';

let app;
before(async () => {
  app = new App();
  await app.ask('state'); // beside the hogs its start would take long
  hogs(3);
});
after(endPrograms);

test('batch: yields to all, and is not forgotten', async () => {
  await app.ask('hints', { urgency: 1 });
  await countedOnlyWith('batch', () => app.ask('state'), ['batchQueued', 'batchRescued']);
  await app.ask('hints', { urgency: 0 });
});
