// node scripts/where-it-runs.mjs: writes the results of the matrices (test/matrix/results) into docs/where-it-runs.md. A run of a
// matrix does it too.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGE = `${root}docs/where-it-runs.md`;
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

export function writePage() {
  const before = readFileSync(PAGE, 'utf8');
  const after = withResults(before, resultsOf);
  if (after !== before) writeFileSync(PAGE, after);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writePage();
