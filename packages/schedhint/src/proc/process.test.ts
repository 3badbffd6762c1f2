import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  descriptorsOf,
  mapsFile,
  programName,
  readProcess,
  startVariable,
  withDescendants,
} from './process.js';

const proc = mkdtempSync(join(tmpdir(), 'schedhint-process-'));
afterAll(() => rmSync(proc, { recursive: true }));

function put(pid: number, status: string, environ = ''): string {
  const folder = join(proc, `${pid}`);
  mkdirSync(join(folder, 'fd'), { recursive: true });
  writeFileSync(join(folder, 'status'), status);
  writeFileSync(join(folder, 'environ'), environ);
  return folder;
}

describe('a process', () => {
  test('its name, user and CPUs', () => {
    const status = 'Name:\tnode\nUid:\t1000\t0\t0\t0\nCpus_allowed_list:\t0-3,8,10-11\n';
    expect(readProcess(put(5, status))).toEqual({ name: 'node', uid: 1000, allowedCpus: 7 });
    expect(readProcess(put(5, 'Cpus_allowed_list:\t3-1,x\n')).allowedCpus).toBe(1);
    expect(() => readProcess(join(proc, '6'))).toThrow('ENOENT');
  });

  test('what it was started with', () => {
    const folder = put(5, '', 'A=1\0UV_THREADPOOL_SIZE=8\0B=UV_THREADPOOL_SIZE=9\0');
    expect(startVariable(folder, 'UV_THREADPOOL_SIZE')).toBe('8');
    expect(startVariable(folder, 'POOL')).toBeNull();
    expect(startVariable(join(proc, '6'), 'A')).toBeNull();
  });

  test('its program, as its threads are called', () => {
    const folder = put(5, '');
    expect(programName(folder)).toBe('node');
    symlinkSync('/opt/a-long-name-for-node (deleted)', join(folder, 'exe'));
    expect(programName(folder)).toBe('a-long-name-for');
  });

  test('its descendants', () => {
    for (const [pid, parent] of [
      [5, 1],
      [10, 5],
      [11, 10],
      [12, 1],
    ] as const) {
      put(pid, `PPid:\t${parent}\n`);
    }
    expect(withDescendants(proc, 5)).toEqual([5, 10, 11]);
    expect(withDescendants(proc, 12)).toEqual([12]);
  });

  test('what its descriptors lead to, and what it has mapped', () => {
    const folder = put(5, '');
    symlinkSync('/memfd:a (deleted)', join(folder, 'fd/7'));
    expect(descriptorsOf(folder)).toEqual([
      { path: join(folder, 'fd/7'), target: '/memfd:a (deleted)' },
    ]);
    writeFileSync(join(folder, 'maps'), '7f00-7f01 r-xp 00000000 fe:00 1 /app/schedhint.node\n');
    expect(mapsFile(folder, /schedhint[^/]*\.node$/)).toBe(true);
    expect(mapsFile(folder, /other\.node$/)).toBe(false);
    expect(mapsFile(join(proc, '6'), /./)).toBe(false);
  });
});
