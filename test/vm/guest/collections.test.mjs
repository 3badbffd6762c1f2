// What the hints of a collection do, by what the scheduler counts: with the hint on, and with all others on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

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

test('helpers: when the pause is over they have it no longer', async () => {
  const scheduler = await Scheduler.start('--hints', 'gc,helpers');
  const spinner = await Spinner.start(['--helpers', '--threads', '4', '--seconds', '3']);
  spinner.go();
  await scheduler.counted((counts) => counts.helperQueued > 0);
  await spinner.result();
  const { helperQueued } = await scheduler.nextCounts();
  await app.ask('hash', 10);
  assert.equal((await scheduler.nextCounts()).helperQueued, helperQueued);
  await scheduler.stop();
});
