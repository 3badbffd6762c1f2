import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readThreads } from './threads.js';

const made = mkdtempSync(join(tmpdir(), 'schedhint-threads-'));
const task = join(made, 'task/7');
beforeEach(() => {
  rmSync(made, { recursive: true, force: true });
  mkdirSync(task, { recursive: true });
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

const put = (file: string, text: string) => writeFileSync(join(task, file), text);
/** proc(5): 12 is majflt, 14 utime, 15 stime, 22 starttime. */
const stat = (name: string) =>
  `7 (${name}) S 1 7 7 0 -1 4194304 4370 0 12 0 30 5 0 0 20 0 12 0 44689 1665712128 13187\n`;

describe('the threads of a process', () => {
  test('what the kernel counts of one', () => {
    put('stat', stat('node'));
    put('schedstat', '1500000 250000 3\n');
    put('wchan', 'do_epoll_wait');
    put(
      'status',
      'Name:\tnode\nNSpid:\t7\t2\nSigBlk:\t0000000000000200\nvoluntary_ctxt_switches:\t15\nnonvoluntary_ctxt_switches:\t10\n',
    );
    expect(readThreads(made)).toEqual([
      {
        tid: 7,
        innerTid: 2,
        name: 'node',
        state: 'S',
        startTicks: 44_689,
        blockedSignals: '0000000000000200',
        sleepsIn: 'do_epoll_wait',
        cpuMs: 1.5,
        waitMs: 0.25,
        voluntarySwitches: 15,
        involuntarySwitches: 10,
        majorFaults: 12,
      },
    ]);
  });

  test('without schedstat, CPU time comes in hundredths of a second, and waiting is not known', () => {
    put('stat', stat('node'));
    expect(readThreads(made)).toMatchObject([{ cpuMs: 350, waitMs: null }]);
    put('schedstat', '0 0 0\n');
    expect(readThreads(made)).toMatchObject([{ cpuMs: 350, waitMs: null }]);
  });

  test('a name with parentheses', () => {
    put('stat', stat('a) R (b'));
    expect(readThreads(made)).toMatchObject([{ name: 'a) R (b', state: 'S', majorFaults: 12 }]);
  });

  test('a thread that ends meanwhile is left out, a process that has ended is an error', () => {
    expect(readThreads(made)).toEqual([]);
    expect(() => readThreads(join(made, 'none'))).toThrow('ENOENT');
  });

  test('hostile contents give numbers that are not negative', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map(stat),
      fc.array(fc.string()).map((parts) => `7 (x) ${parts.join(' ')}`),
    );
    fc.assert(
      fc.property(text, fc.string(), fc.string(), (one, two, three) => {
        put('stat', one);
        put('schedstat', two);
        put('status', `NSpid:\t${three}\nvoluntary_ctxt_switches:\t${three}\n`);
        for (const thread of readThreads(made)) {
          for (const value of Object.values(thread)) {
            if (typeof value !== 'number') continue;
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test.runIf(process.platform === 'linux')('of this process', () => {
    const main = readThreads('/proc/self').find(({ tid }) => tid === process.pid);
    const name = readFileSync(`/proc/self/task/${process.pid}/comm`, 'utf8').trimEnd();
    expect(main).toMatchObject({ tid: process.pid, name, state: 'R' });
    expect(main!.cpuMs).toBeGreaterThan(0);
  });
});
