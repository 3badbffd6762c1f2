// npm run matrix -- NAME: runs the rows of test/matrix/NAME.mjs one after the other, each a program
// with a time limit, and keeps what they found in test/matrix/results/NAME.md. What is not run keeps
// its line, so a run can be resumed. Ends with `N passed, N failed`.
//
// A row's program prints JSON in its last line, { versions, found }, and ends with 0 if all is well. Its `versions` may begin with
// those of Node.js.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writePages } from './where-it-runs.mjs';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string[]} command a program for Node.js in the root of the checkout, and its arguments
 * @property {number} minutes that it may take
 */

const ENDING = /** @type {const} */ (['SIGINT', 'SIGTERM']);
const root = fileURLToPath(new URL('..', import.meta.url));
const file = (name) => `${root}test/matrix/${name}`;

function usage() {
  const names = readdirSync(file('')).filter((name) => name.endsWith('.mjs'));
  return `Usage: npm run matrix -- NAME [--only ROW[,ROW...]] [--from ROW] [--list]

NAME is one of: ${names.map((name) => name.replace('.mjs', '')).join(', ')}
`;
}

/**
 * Throws for a row that does not exist.
 *
 * @param {Row[]} rows
 * @param {{ only?: string, from?: string }} options
 */
export function chooseRows(rows, { only, from }) {
  const indexOf = (name) => {
    const index = rows.findIndex((row) => row.name === name);
    if (index >= 0) return index;
    throw new Error(`no row ${name}: there are ${rows.map((row) => row.name).join(', ')}`);
  };
  const chosen = only?.split(',').map(indexOf);
  const first = from === undefined ? 0 : indexOf(from);
  return rows.filter((_, i) => i >= first && (chosen === undefined || chosen.includes(i)));
}

/** @param {Row} row @returns {Promise<{ ok: boolean, versions: string, found: string }>} */
export async function runRow({ command, minutes }) {
  const child = spawn(process.execPath, command, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // what it has started ends with it
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    process.stdout.write(text);
  });
  let isLate = false;
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {} // it has ended already
  };
  const limit = setTimeout(() => {
    isLate = true;
    end();
  }, minutes * 60_000);
  process.once('exit', end);
  // It is not in this program's process group, so Ctrl-C does not reach it.
  const exit = (signal) => process.exit(128 + constants.signals[signal]);
  for (const signal of ENDING) process.once(signal, exit);
  const [code] = await once(child, 'close');
  clearTimeout(limit);
  process.off('exit', end);
  for (const signal of ENDING) process.off(signal, exit);
  if (isLate) return { ok: false, versions: '', found: `took longer than ${minutes} min` };
  try {
    const { versions, found } = JSON.parse(output.trimEnd().split('\n').at(-1));
    return { ok: code === 0, versions, found };
  } catch {
    return { ok: false, versions: '', found: `ended with ${code} and no result` };
  }
}

/** A row whose app runs in another Node.js than the row itself has named it. */
function withNode(versions) {
  if (versions.startsWith('Node.js ')) return versions;
  return `Node.js ${process.version}${versions === '' ? '' : `, ${versions}`}`;
}

const HEAD = `| row | result | date | versions | found |
| --- | --- | --- | --- | --- |
`;

/**
 * The table with these lines in place of the rows' former ones, in the order of all rows.
 *
 * @param {string} table
 * @param {Row[]} rows
 * @param {[name: string, line: string][]} lines
 */
export function mergeTable(table, rows, lines) {
  const kept = new Map(
    table.split('\n').flatMap((line) => {
      const [, name] = /^\| (\S+) \|/.exec(line) ?? [];
      return name === undefined ? [] : [[name, line]];
    }),
  );
  for (const [name, line] of lines) kept.set(name, line);
  return HEAD + rows.flatMap(({ name }) => (kept.has(name) ? `${kept.get(name)}\n` : [])).join('');
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      from: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  if (positionals.length !== 1 || !/^[\w-]+$/.test(name) || !existsSync(file(`${name}.mjs`))) {
    throw new Error(usage());
  }
  const { rows } = await import(pathToFileURL(file(`${name}.mjs`)).href);
  if (values.list) return console.log(rows.map((row) => row.name).join('\n'));
  const results = file(`results/${name}.md`);
  let failed = 0;
  const chosen = chooseRows(rows, values);
  for (const row of chosen) {
    console.log(`\n== ${row.name}`);
    const { ok, versions, found } = await runRow(row);
    if (!ok) failed++;
    const date = new Date().toISOString().slice(0, 10);
    const cells = [row.name, ok ? 'passed' : 'failed', date];
    cells.push(withNode(versions), found);
    console.log(`${row.name}: ${cells[1]}: ${found}`);
    // After each row: what has been found is kept if a later one is interrupted.
    mkdirSync(file('results'), { recursive: true });
    const before = existsSync(results) ? readFileSync(results, 'utf8') : '';
    const line = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    writeFileSync(results, mergeTable(before, rows, [[row.name, line]]));
    writePages();
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 64;
  }
}
