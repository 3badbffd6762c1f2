// The minimal scheduler of docs/writing-a-scheduler.md, as our build makes it and as the page's own commands do.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OBJECT } from '../../walks/author-walk.mjs';
import { App, endPrograms, hogs } from './programs.mjs';
import { Scheduler, schedulerName } from './scheduler.mjs';
import { until } from './until.mjs';

after(endPrograms);

for (const [built, object] of [
  ['by make', 'fifo.bpf.o'],
  ["by the page's commands", OBJECT],
]) {
  test(`built ${built}, it schedules, reads the hints, and answers`, async () => {
    const scheduler = await Scheduler.startObject(object);
    assert.equal(schedulerName(), 'schedhint_fifo');
    const app = new App();
    await app.ask('state');
    hogs(4);
    let state;
    await until('the app has a reader', async () => {
      state = await app.ask('state');
      return state.state === 'bound' && state.readBy !== null;
    });
    assert.equal(state.readBy.flags, 2 | 32, 'SCHEDHINT_R_GC and SCHEDHINT_R_HELPERS');
    await app.ask('collect', 3);
    await app.end();
    await scheduler.stop();
  });
}
