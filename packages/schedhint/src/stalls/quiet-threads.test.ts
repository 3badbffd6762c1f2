import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quietThreads } from './quiet-threads.js';

test('the three that have run least often, the last of those that are equal first', () => {
  const proc = mkdtempSync(join(tmpdir(), 'schedhint-proc-'));
  try {
    for (const [tid, timeslices] of [
      [10, 900],
      [11, 1],
      [12, 7],
      [13, 1],
      [14, 3],
    ]) {
      const task = join(proc, 'self', 'task', `${tid}`);
      mkdirSync(task, { recursive: true });
      writeFileSync(join(task, 'schedstat'), `1 2 ${timeslices}\n`);
    }
    const paths = [13, 11, 14].map((tid) => `${proc}/self/task/${tid}/schedstat`);
    expect(quietThreads(proc)).toEqual(paths);
  } finally {
    rmSync(proc, { recursive: true });
  }
});

test('without procfs there are none', () => {
  expect(quietThreads('/nonexistent')).toEqual([]);
});
