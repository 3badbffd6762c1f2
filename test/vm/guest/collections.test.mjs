// What the hints of a collection do, by what the scheduler counts: with the hint on, and with all others on.

import { after, before, test } from 'node:test';
import { countedOnlyWith } from './counted.mjs';
import { appBesideHogs, endPrograms, Spinner } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';

let app;
before(async () => {
  app = await appBesideHogs();
});
after(endPrograms);

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
