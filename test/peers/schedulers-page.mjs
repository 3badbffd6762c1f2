// Writes the tables of docs/schedulers.md from test/matrix/results/schedulers.json. A row of the matrix that has measured does it too;
// by hand: node test/peers/schedulers-page.mjs

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MEASURES, pooled, withInterval } from './hint-effect.mjs';
import { readResults } from './results.mjs';
import { SUBJECTS } from './subjects.mjs';

const PAGE = fileURLToPath(new URL('../../docs/schedulers.md', import.meta.url));
const NAMES = Object.keys(MEASURES);

const line = (cells) => `| ${cells.join(' | ')} |\n`;
const head = (cells) => line(cells) + line(cells.map(() => '---'));

/** The results of one kind, in the order of the subjects. */
const measured = (results, what) =>
  Object.keys(SUBJECTS).flatMap((name) =>
    results[name]?.[what] ? [{ title: SUBJECTS[name].title, ...results[name][what] }] : [],
  );

const ms = (value) => value.toFixed(value < 10 ? 1 : 0);

/** Off / on of each measure, and the control of all rows together: it is of no scheduler of theirs. */
function offOn(results) {
  const titles = NAMES.map((name) => MEASURES[name].title);
  const rows = measured(results, 'offOn');
  const under = rows.map(({ title, under, pairs, date }) => {
    const ratios = NAMES.map((name) => withInterval(under[name].ratio));
    return line([`**${title}**`, ...ratios, pairs, date]);
  });
  const control = NAMES.map((name) =>
    withInterval(pooled(rows.map(({ control }) => control[name]))),
  );
  const pairs = rows.reduce((sum, { controlPairs }) => sum + controlPairs, 0);
  return (
    head(['hints off / on', ...titles, 'pairs', 'date']) +
    under.join('') +
    (pairs === 0 ? '' : line([`kernel's default, same boots`, ...control, pairs, '']))
  );
}

/** What the arms took: ms, and CPUs in the last column. */
function medians(results) {
  const arms = ['kernel', 'off', 'on'];
  const cell = ({ under, control }, name) => {
    const values = [control[name].off, under[name].off, under[name].on];
    return values.map(name === 'hogs' ? (value) => value.toFixed(2) : ms).join(' / ');
  };
  return (
    head([`${arms.join(' / ')}, ms`, ...NAMES.map((name) => MEASURES[name].title)]) +
    measured(results, 'offOn')
      .map((found) => line([found.title, ...NAMES.map((name) => cell(found, name))]))
      .join('')
  );
}

function cost(results) {
  const more = (ns, base) => `${Math.round(ns)} (${((ns / base - 1) * 100).toFixed(2)} %)`;
  return (
    head([
      'instructions',
      "kernel's default",
      'as released',
      'without hints',
      'with hints',
      'date',
    ]) +
    measured(results, 'cost')
      .map(({ title, ns, date }) => {
        const base = ns.released ?? ns.off;
        const released = ns.released === undefined ? '-' : Math.round(base);
        const off = ns.released === undefined ? Math.round(ns.off) : more(ns.off, base);
        return line([title, Math.round(ns.kernel), released, off, more(ns.on, base), date]);
      })
      .join('')
  );
}

function versions(results) {
  const all = ['offOn', 'cost'].flatMap((what) => measured(results, what));
  const missing = Object.entries({ offOn: 'what hints bring', cost: 'the cost' }).flatMap(
    ([what, title]) =>
      Object.entries(SUBJECTS)
        .filter(([name]) => !results[name]?.[what])
        .map(([, subject]) => `${title} under ${subject.title}`),
  );
  return (
    `${[...new Set(all.map((one) => one.versions))].sort().join('; ')}.\n` +
    (missing.length === 0 ? '' : `\nNot measured yet: ${missing.join('; ')}.\n`)
  );
}

const TABLES = { 'off-on': offOn, medians, cost, versions };

/**
 * The page with its tables from the results.
 *
 * @param {string} page
 * @param {ReturnType<typeof readResults>} results
 */
export function withTables(page, results) {
  return page.replace(
    /(<!-- schedulers: ([\w-]+) -->\n).*?(<!-- \/schedulers -->)/gs,
    (_whole, before, name, after) => `${before}${TABLES[name](results)}${after}`,
  );
}

export function writeSchedulersPage() {
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), readResults()));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeSchedulersPage();
