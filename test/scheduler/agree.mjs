// A row: the matrix's figures measured next to three hogs on this machine are those that were measured without them. Compares
// test/matrix/results/scheduler-busy-host.json with scheduler.json, and measures nothing.

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
  const [quiet, busy] = [read('scheduler'), read('scheduler-busy-host')];
  const rows = Object.keys(busy).filter((name) => name in quiet && name !== 'agree');
  const table = [['row', 'checks', 'passed', 'busy host', 'figures', 'median difference', '90 %']];
  const checks = [];
  for (const name of rows) {
    const { differences, median, most } = compareTables(quiet[name].table, busy[name].table);
    const [passed, passedBusy] = [quiet[name], busy[name]].map(
      (row) => row.checks.filter(({ ok }) => ok).length,
    );
    table.push(
      [name, quiet[name].checks.length, passed, passedBusy, differences.length]
        .map(String)
        .concat(percent(median), percent(most)),
    );
    const same = passed === passedBusy && quiet[name].checks.length === busy[name].checks.length;
    checks.push(
      holds(`${name}: the same checks pass`, same, `${passed} and ${passedBusy}`),
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
