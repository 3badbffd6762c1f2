// A row of test/matrix/scheduler.mjs: prints its table and the checks that failed, keeps its figures in
// test/matrix/results/scheduler.json, and prints the line that scripts/matrix.mjs reads. With --busy-host the row is measured while this
// machine's CPUs are busy, and its figures are in scheduler-busy-host.json.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { areHogsWanted, startHogs, withHogs } from './host-hogs.mjs';

const FILE = new URL(`../matrix/results/${withHogs('scheduler')}.json`, import.meta.url);

/**
 * @typedef {object} Row
 * @property {string} versions
 * @property {string} found in a few words
 * @property {string[][]} table its first line is the head
 * @property {import('./judge.mjs').Check[]} checks
 * @property {object} [figures] besides the table
 */

/** @param {string[][]} lines */
export function inColumns(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const pad = (cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** Four digits are more than was measured. */
const rounded = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);

function keep(name, found, { versions, table, checks, figures }) {
  const all = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
  const date = new Date().toISOString().slice(0, 10);
  all[name] = { date, versions, found, table, checks, ...figures };
  const sorted = Object.fromEntries(
    Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })),
  );
  // A line for each line of a table and each check: a change of one figure is a change of one line.
  const text = JSON.stringify(sorted, rounded, 1).replace(
    /\[\s+("[^[\]{}]*?")\s+\]/g,
    (_, cells) => `[${cells.replace(/\s*\n\s*/g, ' ')}]`,
  );
  writeFileSync(FILE, `${text}\n`);
}

/**
 * @param {string} name
 * @param {boolean} isKept
 * @param {() => Promise<Row>} measure
 */
export async function runRow(name, isKept, measure) {
  const hogs = areHogsWanted ? startHogs() : undefined;
  try {
    const row = await measure();
    const failed = row.checks.filter(({ ok }) => !ok);
    console.error(`\n${inColumns(row.table)}\n`);
    for (const { what, found } of failed) console.error(`FAILED ${what}: ${found}`);
    const verdict =
      failed.length === 0
        ? `${row.checks.length} checks`
        : `${failed.length} of ${row.checks.length} checks failed`;
    const words = `${verdict}; ${row.found}`;
    if (isKept) keep(name, words, row);
    console.log(JSON.stringify({ versions: row.versions, found: words }));
    process.exitCode = failed.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    console.error(`scheduler: ${error.message}`);
    process.exitCode = 1;
  } finally {
    hogs?.end();
  }
}
