import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';

const OFFSET_S = 100_000;

describeOnKernel('the clock', () => {
  test("in its own time namespace, monotonicNs() is still the scheduler's", () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const script = `
      const { monotonicNs } = require('@schedhint/core');
      console.log(String(monotonicNs()), String(process.hrtime.bigint()));`;
    const before = process.hrtime.bigint();
    const args = ['--time', '--monotonic', String(OFFSET_S), process.execPath, '-e', script];
    const [monotonic, hrtime] = execFileSync('unshare', ['--fork', ...args], {
      cwd: root,
      encoding: 'utf8',
    })
      .split(' ')
      .map(BigInt) as [bigint, bigint];
    const after = process.hrtime.bigint();
    expect(hrtime - before).toBeGreaterThan(BigInt(OFFSET_S) * 1_000_000_000n);
    expect(monotonic).toBeGreaterThan(before);
    expect(monotonic).toBeLessThan(after);
  });
});
