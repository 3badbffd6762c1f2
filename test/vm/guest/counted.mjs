// A hint is acted on where the scheduler counts it with the hint on, and does not with it off.

import assert from 'node:assert/strict';
import { Scheduler } from './scheduler.mjs';

const ALL = ['gc', 'helpers', 'deadline', 'urgency', 'slice', 'batch', 'pool'];
export const allBut = (hint) => ALL.filter((other) => other !== hint).join(',');

/**
 * Runs `work` until the counts come, with this hint alone; then the same work without the hint.
 *
 * @param {string} hint
 * @param {() => Promise<unknown>} work
 * @param {string[]} names of counts that only this hint raises
 * @param {string[]} [too] counts that it raises, and others do
 */
export async function countedOnlyWith(hint, work, names, too = []) {
  let scheduler = await Scheduler.start('--hints', hint);
  assert.deepEqual(scheduler.ready.hints, [hint]);
  for (;;) {
    await work();
    if ([...names, ...too].every((name) => scheduler.counts[name] > 0)) break;
  }
  await scheduler.stop();
  scheduler = await Scheduler.start('--hints', allBut(hint));
  await work();
  const without = await scheduler.stop();
  for (const name of names) assert.equal(without[name], 0, `${name} without ${hint}`);
}
