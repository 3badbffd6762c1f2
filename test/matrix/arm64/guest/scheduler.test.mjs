// scx_schedhint: loaded, acting on what an unprivileged app says by its block, and detached.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { end, endPrograms, hogs } from '../../../vm/guest/programs.mjs';
import { OURS, Scheduler, schedExtState, schedulerName } from '../../../vm/guest/scheduler.mjs';
import { until } from '../../../vm/guest/until.mjs';
import { note } from './notes.mjs';
import { openBpffs, startApp, UID } from './user.mjs';

before(openBpffs);
after(endPrograms);

const untilBound = (app) =>
  until('the app is bound', async () => (await app.ask('state')).state === 'bound');

/** Lets the app hint and collect until the scheduler has acted on all of these. */
async function untilCounted(scheduler, app, names) {
  await until(
    `the scheduler has counted ${names.join(', ')}`,
    async () => {
      await app.ask('hints', { urgency: 900, sliceUs: 2000, deadlineMs: 90 });
      await app.ask('collect', 3);
      await app.ask('wake', 200);
      return names.every((name) => scheduler.counts[name] > 0);
    },
    () => scheduler.counts,
  );
  return names.map((name) => `${name} ${scheduler.counts[name]}`).join(', ');
}

test('the command of its package runs it', () => {
  const file = new URL('../../../../node_modules/.bin/scx_schedhint', import.meta.url);
  const said = execFileSync(fileURLToPath(file), ['--version'], { encoding: 'utf8' });
  assert.match(said, /^scx_schedhint \d/);
  note(said.split('\n')[0]);
});

test('it is loaded, acts on the hints of a block, and is detached', async () => {
  const app = startApp();
  await app.ask('state');
  const scheduler = await Scheduler.start('--group', String(UID));
  assert.match(schedulerName(), OURS);
  const busy = hogs(3);
  await untilBound(app);
  const names = [
    ...['pauseQueued', 'helperQueued', 'urgencyQueued', 'deadlineQueued'],
    ...['shortened', 'hintedNs'],
  ];
  const counts = await untilCounted(scheduler, app, names);
  await end(busy);
  await scheduler.stop();
  assert.equal(schedExtState(), 'disabled');
  note(`scx_schedhint enabled (${counts}), then disabled`);
  await app.end();
});
