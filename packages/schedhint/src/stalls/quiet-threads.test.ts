import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { quietThreads } from './quiet-threads.js';

/** A procfs with such threads: how often each has run, and what is not as usual. */
function procWith(threads: readonly { tid: number; runs: number; name?: string; all?: boolean }[]) {
  const proc = mkdtempSync(join(tmpdir(), 'schedhint-proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  for (const { tid, runs, name = 'node', all = false } of threads) {
    const task = join(proc, 'self', 'task', `${tid}`);
    mkdirSync(task, { recursive: true });
    writeFileSync(join(task, 'stat'), `${tid} (${name}) S 1 1 1 0 -1 0 0 0 0 0 0 0`);
    writeFileSync(join(task, 'schedstat'), `1 2 ${runs}\n`);
    const blocked = all ? 'fffffffe7ffbfeff' : '0000000000000200';
    writeFileSync(
      join(task, 'status'),
      `SigBlk:\t${blocked}\nvoluntary_ctxt_switches:\t${runs - 1}\nnonvoluntary_ctxt_switches:\t1\n`,
    );
  }
  return {
    proc,
    paths: (...tids: number[]) => tids.map((tid) => `${proc}/self/task/${tid}/schedstat`),
  };
}

test('the three that have run least often, the last of those that are equal first', () => {
  const { proc, paths } = procWith([
    { tid: 10, runs: 900 },
    { tid: 11, runs: 1 },
    { tid: 12, runs: 7 },
    { tid: 13, runs: 1 },
    { tid: 14, runs: 3 },
  ]);
  expect(quietThreads(proc)).toEqual(paths(13, 11, 14));
});

test("the inspector's is among them, however often it has run; the addon's are not put first", () => {
  const { proc, paths } = procWith([
    { tid: 11, runs: 1 },
    { tid: 12, runs: 1 },
    { tid: 13, runs: 1 },
    { tid: 14, runs: 8, all: true },
    { tid: 15, runs: 2, all: true, name: 'schedhint-watch' },
  ]);
  expect(quietThreads(proc)).toEqual(paths(14, 13, 12));
});

test("in this process too: the first is Node.js's, and blocks all signals", () => {
  const status = readFileSync(quietThreads()[0]!.replace(/schedstat$/, 'status'), 'latin1');
  expect(status).toMatch(/^SigBlk:\tf/m);
  expect(status).not.toContain('schedhint-');
});

test('without procfs there are none', () => {
  expect(quietThreads('/nonexistent')).toEqual([]);
});
