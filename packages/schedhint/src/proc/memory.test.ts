import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { findMemoryPlaces, readMemory } from './memory.js';

const made = mkdtempSync(join(tmpdir(), 'schedhint-memory-'));
const proc = join(made, 'proc');
const group = join(made, 'cgroup/app');
const PRESSURE = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=2000\n';

beforeEach(() => {
  rmSync(made, { recursive: true, force: true });
  for (const folder of [join(proc, '7'), join(proc, 'self'), join(proc, 'pressure'), group]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(join(proc, 'pressure/memory'), PRESSURE.replace('2000', '9000'));
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

function mounted(type: 'cgroup' | 'cgroup2', line: string): void {
  writeFileSync(join(proc, '7/cgroup'), line);
  writeFileSync(
    join(proc, 'self/mountinfo'),
    `30 20 0:26 / ${made}/cgroup rw - ${type} cgroup rw,memory\n`,
  );
}

describe('want of memory', () => {
  test('version 2: of the cgroup', () => {
    mounted('cgroup2', '0::/app\n');
    writeFileSync(join(group, 'memory.pressure'), PRESSURE);
    writeFileSync(
      join(group, 'memory.stat'),
      'anon 1\nworkingset_refault_anon 2\nworkingset_refault_file 30\n',
    );
    expect(readMemory(findMemoryPlaces(7, proc))).toEqual({
      pressure: { someMs: 2, fullMs: 0 },
      pressureOf: 'cgroup',
      refaults: 32,
    });
  });

  test("version 1: pages of the cgroup, and the machine's pressure", () => {
    mounted('cgroup', '4:memory:/app\n');
    writeFileSync(
      join(group, 'memory.stat'),
      'workingset_refault_file 5\ntotal_workingset_refault_file 7\n',
    );
    expect(readMemory(findMemoryPlaces(7, proc))).toEqual({
      pressure: { someMs: 9, fullMs: 0 },
      pressureOf: 'machine',
      refaults: 5,
    });
  });

  test('neither is visible', () => {
    mounted('cgroup2', '1:cpu:/app\n');
    rmSync(join(proc, 'pressure'), { recursive: true });
    expect(readMemory(findMemoryPlaces(7, proc))).toEqual({
      pressure: null,
      pressureOf: 'machine',
      refaults: null,
    });
  });
});
