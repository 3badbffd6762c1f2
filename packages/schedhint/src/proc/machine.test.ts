import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readMachine } from './machine.js';
import { readPressure } from './pressure.js';

const made = mkdtempSync(join(tmpdir(), 'schedhint-machine-'));
afterAll(() => rmSync(made, { recursive: true }));
const put = (file: string, text: string) => writeFileSync(join(made, file), text);

describe('the CPUs of the machine', () => {
  test('steal is apart from busy and idle', () => {
    put(
      'stat',
      'cpu  1 2 3 40 5 6 7 80 1 0\ncpu0 1 2 3 40 5 6 7 40 0 0\ncpu1 0 0 0 0 0 0 0 40 0 0\n',
    );
    expect(readMachine(made)).toEqual({ cpus: 2, busyMs: 190, idleMs: 450, stealMs: 800 });
  });

  test('null where it does not say', () => {
    expect(readMachine(join(made, 'none'))).toBeNull();
    put('stat', 'cpu  1 2 x\ncpu0 1\n');
    expect(readMachine(made)).toBeNull();
  });

  test('hostile contents give null, or numbers that are not negative', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (one, fields) => {
        put('stat', `cpu ${one}\ncpu  ${fields.join(' ')}\ncpu0 \n`);
        for (const value of Object.values(readMachine(made) ?? {})) {
          expect(value).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('pressure', () => {
  test('microseconds of some and full', () => {
    put(
      'memory',
      'some avg10=1.59 avg60=3.39 avg300=1.63 total=8973173\nfull avg10=1.18 avg60=2.61 avg300=1.34 total=7710414\n',
    );
    expect(readPressure(join(made, 'memory'))).toEqual({ someMs: 8973.173, fullMs: 7710.414 });
  });

  test('a kernel without it, or with a file that says nothing', () => {
    expect(readPressure(join(made, 'none'))).toBeNull();
    put('memory', '');
    expect(readPressure(join(made, 'memory'))).toBeNull();
  });
});
