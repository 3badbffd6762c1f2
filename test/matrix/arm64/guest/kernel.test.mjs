// What the other tests take for granted: the kernel that was asked for, and the size of its pages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { noteVersions } from './notes.mjs';

const output = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();

test('it is the kernel that was asked for, with pages of that size', () => {
  const [release, machine] = output('uname', '-rm').split(' ');
  const pageBytes = output('getconf', 'PAGESIZE');
  console.log(`uname -rm: ${release} ${machine}; getconf PAGESIZE: ${pageBytes}`);
  assert.equal(release, process.env.EXPECTED_LINUX);
  assert.equal(machine, 'aarch64');
  assert.equal(pageBytes, process.env.EXPECTED_PAGE_BYTES);
  noteVersions(
    `Node.js ${process.version}, Linux ${release} ${machine}, pages of ${pageBytes} bytes`,
  );
});

test('the kernel has sched_ext, and no scheduler is loaded', () => {
  assert.equal(readFileSync('/sys/kernel/sched_ext/state', 'utf8').trim(), 'disabled');
});
