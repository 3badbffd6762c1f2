// A row: the matrix's figures measured beside three hogs on this machine are those that were measured without them. Compares
// test/matrix/results/scheduler-beside-hogs.json with scheduler.json, and measures nothing.

import { existsSync, readFileSync } from 'node:fs';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { compareTables } from './compare-tables.mjs';
import { atMost, holds } from './judge.mjs';
import { runRow } from './row.mjs';

/** Between two runs of the matrix, in the middle of all figures. */
const MEDIAN_MOST = 0.1;

function read(name) {
  const file = new URL(`../matrix/results/${name}.json`, import.meta.url);
  if (!existsSync(file)) throw new ExplainedError(`npm run matrix -- ${name} comes first`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const percent = (part) => `${(part * 100).toFixed(1)} %`;

await runRow('agree', true, () => {
  const [quiet, beside] = [read('scheduler'), read('scheduler-beside-hogs')];
  const rows = Object.keys(beside).filter((name) => name in quiet && name !== 'agree');
  const table = [['row', 'checks', 'passed', 'beside hogs', 'figures', 'median difference', '90 %']];
  const checks = [];
  for (const name of rows) {
    const { differences, median, most } = compareTables(quiet[name].table, beside[name].table);
    const [passed, passedBeside] = [quiet[name], beside[name]].map(
      (row) => row.checks.filter(({ ok }) => ok).length,
    );
    table.push(
      [name, quiet[name].checks.length, passed, passedBeside, differences.length]
        .map(String)
        .concat(percent(median), percent(most)),
    );
    const same = passed === passedBeside && quiet[name].checks.length === beside[name].checks.length;
    checks.push(
      holds(`${name}: the same checks pass`, same, `${passed} and ${passedBeside}`),
      atMost(`${name}: median difference of its figures`, median, MEDIAN_MOST),
    );
  }
  return {
    versions: quiet[rows[0]]?.versions ?? '',
    found: `${rows.length} rows, with this machine's CPUs free and busy`,
    table,
    checks,
  };
});
