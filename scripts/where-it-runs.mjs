// node scripts/where-it-runs.mjs: writes the results of the matrices (test/matrix/results) into docs/where-it-runs.md and
// docs/schedulers.md. A run of a matrix does it too.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['where-it-runs', 'schedulers'].map((name) => `${root}docs/${name}.md`);
const MARK = /(<!-- matrix: ([\w-]+) -->\n).*?(<!-- \/matrix -->)/gs;

/**
 * The page with each table between its marks in place of what is there now.
 *
 * @param {string} page
 * @param {(name: string) => string | null} results of a matrix; null: it has never run, and what is there stays
 */
export function withResults(page, results) {
  return page.replace(MARK, (whole, before, name, after) => {
    const table = results(name);
    return table === null ? whole : `${before}${table}${after}`;
  });
}

function resultsOf(name) {
  const file = `${root}test/matrix/results/${name}.md`;
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Each page as it is, and as the results make it. */
export function pages() {
  return PAGES.map((file) => {
    const before = readFileSync(file, 'utf8');
    return { file, before, after: withResults(before, resultsOf) };
  });
}

export function writePages() {
  for (const { file, before, after } of pages()) if (after !== before) writeFileSync(file, after);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writePages();
