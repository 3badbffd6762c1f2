// What the tests that measure take for granted: this VM's time counts instructions.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the clock is of one instruction per nanosecond, not of the machine outside', () => {
  const mhz = Number(/^cpu MHz\s*: ([\d.]+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))[1]);
  assert.ok(Math.abs(mhz / 1000 - 1) < 0.01, `the time stamp counter has ${mhz} MHz`);
});
