// Clients in C, Python and Node.js side by side: the scheduler acts on all three, and `top` shows them in one table.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { App, end, endPrograms, hogs, track } from './programs.mjs';
import { Scheduler } from './scheduler.mjs';
import { until } from './until.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const CLI = 'packages/schedhint/bin/schedhint.js';

after(endPrograms);

const start = (command, ...args) =>
  track(spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }));

/** The rows of the last table, of several. */
async function lastTable() {
  const top = [CLI, 'top', '--iterations', '3', '--interval', '2'];
  const { stdout } = await promisify(execFile)(process.execPath, top, { cwd: root });
  return stdout.trimEnd().split('\n\n').at(-1);
}

test('clients in C, Python and Node.js are scheduled by their hints, and stand in one top', async () => {
  const scheduler = await Scheduler.start('--hints', 'gc,urgency,deadline,batch');
  const others = [start('examples/c/build/app'), start('python3', 'examples/python/app.py')];
  const app = new App();
  await app.ask('hints', { urgency: 900 });
  hogs(2);
  await until('Node.js is bound', async () => (await app.ask('state')).state === 'bound');
  await app.ask('collect', 3);

  let table = '';
  const rows = [
    / app +\d+ \S+ +main +\S+ .* 768 /,
    / app +\d+ \S+ +worker +\S+ .* batch /,
    / app\.py +\d+ \S+ +main +cpython .* 768 /,
    / app\.py +\d+ \S+ +worker +cpython .* 256 /,
    / app\.mjs +\d+ \S+ +main +v8 .* 900 /,
  ];
  await until(
    'top shows all five threads',
    async () => {
      table = await lastTable();
      return rows.every((row) => row.test(table));
    },
    () => table,
  );
  assert.match(table, /5 threads of 3 process/);

  // The deadline and the batch work are the C client's alone, a low urgency Python's.
  const counts = await scheduler.counted(
    ({ deadlineQueued, batchQueued, urgencyQueued, pauseQueued }) =>
      deadlineQueued > 0 && batchQueued > 0 && urgencyQueued > 0 && pauseQueued > 0,
  );
  assert.ok(counts.queued > 0);
  await end(others); // they complain of a map that is gone
  await scheduler.stop();
});
