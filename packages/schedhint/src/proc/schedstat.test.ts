import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseSchedStat, readSchedStat } from './schedstat.js';

const proc = mkdtempSync(join(tmpdir(), 'schedhint-proc-'));
afterAll(() => rmSync(proc, { recursive: true }));

test('three numbers are read', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.constantFrom('', '\n'), (a, b, c, end) => {
      expect(parseSchedStat(`${a} ${b} ${c}${end}`)).toEqual({
        onCpuNs: a,
        runDelayNs: b,
        timeslices: c,
      });
    }),
  );
});

test('anything else is null', () => {
  for (const text of [
    '',
    '\n',
    '1 2',
    '1 2 3 4',
    '-1 2 3',
    '1 2 x',
    '1  2 3',
    '0x1 2 3',
    '1e9 2 3',
  ]) {
    expect(parseSchedStat(text), text).toBeNull();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseSchedStat(text);
      if (read !== null) expect(text).toMatch(/^\d+ \d+ \d+\n?$/);
    }),
  );
});

test("a made thread's file, one that is not there, and one that is refused", () => {
  mkdirSync(join(proc, '7/task/8'), { recursive: true });
  writeFileSync(join(proc, '7/task/8/schedstat'), '100 20 3\n');
  expect(readSchedStat(7, 8, proc)).toEqual({ onCpuNs: 100, runDelayNs: 20, timeslices: 3 });
  expect(readSchedStat(7, 9, proc)).toBeNull();
  mkdirSync(join(proc, '7/task/10/schedstat'), { recursive: true });
  expect(() => readSchedStat(7, 10, proc)).toThrow('EISDIR');
});

test.runIf(process.platform === 'linux')("the kernel's: it grows while this thread runs", () => {
  const before = readSchedStat(process.pid, process.pid)!;
  for (const until = performance.now() + 20; performance.now() < until; );
  expect(readSchedStat(process.pid, process.pid)!.onCpuNs).toBeGreaterThan(before.onCpuNs);
});
