// What the hints of a collection do, by what the scheduler counts: with the hint on, and with all others on.

import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms } from './programs.mjs';

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

test('gc: a thread inside a pause has credit when it waits, and for its turn', async () => {
  await countedOnlyWith('gc', () => app.ask('collect', 5), ['pauseQueued', 'hintedNs']);
});

test('helpers: the threads that help in a pause have it too', async () => {
  await countedOnlyWith('helpers', () => app.ask('collect', 5), ['helperQueued', 'hintedNs']);
});
