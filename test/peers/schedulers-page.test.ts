import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rows } from '../matrix/peers.mjs';
import { effects } from './hint-effect.mjs';
import { readResults } from './results.mjs';
import { withTables } from './schedulers-page.mjs';
import { SUBJECTS } from './subjects.mjs';

const page = readFileSync(new URL('../../docs/schedulers.md', import.meta.url), 'utf8');

test('the tables of docs/schedulers.md are those of the results', () => {
  expect(page).toBe(withTables(page, readResults()));
});

const run = (ms: number) => ({
  latencies: [ms],
  lateness: [0],
  full: [ms],
  young: [ms],
  hogCpus: 1.5,
  threadCpus: 0.2,
});
const results = {
  lavd: {
    offOn: {
      date: '2026-01-02',
      versions: 'lavd_1, Linux 7',
      pairs: 2,
      controlPairs: 1,
      under: effects([
        { off: run(30), on: run(10) },
        { off: run(30), on: run(10) },
      ]),
      control: effects([{ off: run(50), on: run(50) }]),
    },
    cost: {
      date: '2026-01-03',
      versions: 'lavd_1, Linux 7',
      ns: { kernel: 15_000, released: 20_000, off: 20_100, on: 21_000 },
      spread: 1.001,
    },
  },
};

test('a scheduler has its ratios, its control below, and its cost with that of the released one', () => {
  const mark = (name: string) => `<!-- schedulers: ${name} -->\nold\n<!-- /schedulers -->\n`;
  const text = withTables(`${mark('off-on')}${mark('medians')}${mark('cost')}`, results);
  const title = SUBJECTS.lavd!.title;
  expect(text).not.toContain('old');
  expect(text).toContain(`| **${title}** | 3.00 (3.00-3.00) |`);
  expect(text).toContain("| kernel's default, same boots | 1.00 | 1.00 |");
  expect(text).toContain(`| ${title} | 50 / 30 / 10 |`);
  expect(text).toContain(
    `| ${title} | 15000 | 20000 | 20100 (0.50 %) | 21000 (5.00 %) | 2026-01-03 |`,
  );
});

test('the rows of the matrix measure each scheduler of scx that takes hints', () => {
  const names = rows.map(({ name }) => name);
  for (const name of ['layered', 'lavd', 'bpfland']) {
    expect(names).toContain(`measure-${name}`);
    expect(names).toContain(`cost-${name}`);
  }
});
