import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withNumbers } from './commit-message.mjs';
import { effects } from './hint-effect.mjs';

const run = (ms: number) => ({
  latencies: [ms],
  lateness: [0],
  full: [ms],
  young: [ms],
  hogCpus: 1.5,
  threadCpus: 0.2,
});
const pair = (off: number) => ({ off: run(off), on: run(10) });
const measured = {
  offOn: {
    pairs: 2,
    versions: 'lavd_1',
    under: effects([pair(20), pair(20)]),
    control: effects([pair(11)]),
  },
  cost: { ns: { kernel: 15_000, released: 20_000, off: 20_100, on: 21_000 } },
};

test.each(['layered', 'lavd', 'bpfland'])(
  '%s: the message has its numbers, in lines of 75',
  (name) => {
    const file = new URL(`../../integrations/scx/${name}/message.txt`, import.meta.url);
    const text = withNumbers(readFileSync(file, 'utf8'), measured);
    expect(text).not.toContain('@');
    expect(text).toMatch(/ full collection +2\.00 \(2\.00-2\.00\) +1\.10\n/);
    expect(text).toMatch(
      / without --hints +20100 \(\+0\.50 %\)\n +with --hints +21000 \(\+5\.00 %\)\n/,
    );
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(75);
  },
);

test('no message goes out without numbers', () => {
  expect(() => withNumbers('@NUMBERS@')).toThrow(/not measured/);
  expect(() => withNumbers('@NUMBERS@', { offOn: measured.offOn })).toThrow(/not measured/);
});
