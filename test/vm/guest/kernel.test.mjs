// What the other tests take for granted.

import assert from 'node:assert/strict';
import { accessSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

test('the kernel has sched_ext, and no scheduler is loaded', () => {
  assert.equal(readFileSync('/sys/kernel/sched_ext/state', 'utf8').trim(), 'disabled');
  assert.equal(process.env.SCHEDHINT_VM, '1');
});

test('the machine outside cannot be written to', () => {
  accessSync('package.json');
  assert.throws(() => writeFileSync('package.json', ''), { code: 'EROFS' });
  writeFileSync('/tmp/scratch', 'can be written');
});
