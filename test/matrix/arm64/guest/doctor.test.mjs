// `schedhint doctor`, asked by the app's user.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { note } from './notes.mjs';
import { startReader, stopReader } from './reader.mjs';
import { doctor, openBpffs, UID } from './user.mjs';

after(stopReader);

const named = ({ checks }, wanted) =>
  checks.filter(({ state }) => state === wanted).map(({ name }) => name);

test('without a map it names the map as the cause, and exits with 1', () => {
  openBpffs();
  const { exit, report } = doctor();
  assert.deepEqual({ exit, failed: named(report, 'fail') }, { exit: 1, failed: ['map'] });
  note('doctor: without a map exit 1');
});

test('with a reader nothing has failed, and it exits with 0', async () => {
  openBpffs();
  await startReader({ group: UID });
  const { exit, report } = doctor();
  await stopReader();
  assert.deepEqual(
    { exit, failed: named(report, 'fail') },
    { exit: 0, failed: [] },
    JSON.stringify(report),
  );
  assert.equal(report.status.state, 'bound');
  const [passed, warned] = ['pass', 'warn'].map((state) => named(report, state));
  note(`with a reader exit 0, ${passed.length} pass, warnings: ${warned.join(', ') || 'none'}`);
});
