// Measures made trees in place of /proc: what no machine does on demand, and what no kernel should write.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { findTarget } from '../process/target.js';
import { busiest, measure } from './measure.js';
import { verdicts } from './verdicts.js';

const proc = mkdtempSync(join(tmpdir(), 'schedhint-made-proc-'));
const PID = 7;
const never = new AbortController().signal;

beforeEach(() => {
  rmSync(proc, { recursive: true, force: true });
  putProcess(PID, 1);
  put('self/mountinfo', '');
  put('stat', machine(0));
});
afterAll(() => rmSync(proc, { recursive: true, force: true }));

function put(file: string, text: string): void {
  mkdirSync(join(proc, file, '..'), { recursive: true });
  writeFileSync(join(proc, file), text);
}

function putProcess(pid: number, parent: number, ticks = 5): void {
  const stat = `${pid} (node) S 1 7 7 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 1 0 100 0 0\n`;
  put(
    `${pid}/status`,
    `Name:\tnode\nPPid:\t${parent}\nUid:\t1000\t0\t0\t0\nCpus_allowed_list:\t0-1\n`,
  );
  put(`${pid}/cgroup`, '0::/\n');
  put(`${pid}/task/${pid}/stat`, stat);
  put(`${pid}/task/${pid}/schedstat`, `${ticks}0000000 0 1\n`);
}

/** In ticks of 10 ms: 2 CPUs that are idle, but for what is stolen. */
const machine = (steal: number) => `cpu  10 0 10 1000 0 0 0 ${steal} 0 0\ncpu0 1\ncpu1 1\n`;

describe('a made tree in place of /proc', () => {
  test('a hypervisor that steals', async () => {
    const found = measure(findTarget(PID, proc), 0.5, never);
    put('stat', machine(50));
    expect(verdicts((await found).measured)).toMatchObject([
      { verdict: 'steal', evidence: ['100 % of the time of 2 CPUs was stolen'] },
    ]);
  });

  test('an idle process on an idle machine', async () => {
    const { measured, account } = await measure(findTarget(PID, proc), 0.3, never);
    expect(verdicts(measured)).toMatchObject([{ verdict: 'nothing wrong' }]);
    expect(account).toBe('hidden'); // the tree has no fd
  });

  test('a process that ends is measured until then, and not at all if that is immediately', async () => {
    const found = measure(findTarget(PID, proc), 60, never);
    setTimeout(() => rmSync(join(proc, `${PID}`), { recursive: true }), 300);
    expect((await found).measured.use.ms).toBeGreaterThan(0);
    putProcess(PID, 1);
    const target = findTarget(PID, proc);
    rmSync(join(proc, `${PID}/task`), { recursive: true });
    await expect(measure(target, 1, never)).rejects.toMatchObject({
      code: 'ERR_SCHEDHINT_PROCESS_ENDED',
    });
  });

  test('the busiest of what a command has started', () => {
    putProcess(10, PID, 90);
    putProcess(11, 10, 50);
    putProcess(12, 1, 900);
    expect(busiest(PID, proc)).toBe(10);
    expect(busiest(99, proc)).toBe(99);
  });

  test('no such process: also where /proc hides those of others', () => {
    expect(() => findTarget(8, proc)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_NO_PROCESS' }),
    );
    put('self/mountinfo', '22 1 0:21 / /proc rw - proc proc rw,hidepid=invisible\n');
    expect(() => findTarget(8, proc)).toThrow(/hidepid.*Run this as the user of the process/);
  });

  test('hostile contents give verdicts all the same', async () => {
    const files = ['stat', `${PID}/status`, `${PID}/cgroup`, 'self/mountinfo'].concat(
      ['stat', 'status', 'schedstat', 'wchan', 'comm'].map((name) => `${PID}/task/${PID}/${name}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...files), fc.string())), async (all) => {
        const stop = new AbortController();
        const found = measure(findTarget(PID, proc), 0.01, stop.signal);
        for (const [file, text] of all) put(file, text);
        const { measured } = await found.catch(() => ({ measured: null }));
        if (measured === null) return;
        expect(JSON.stringify(verdicts(measured))).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 30 },
    );
  });
});
