// Checks the docs: words by page and in all against limits, a sentence that opens each page, and with Vale the words of the glossary,
// plain English and spelling. `npm run lint:docs`. Vale's rules are in scripts/lint/docs/styles, those of the glossary and of
// dialect.config.mjs are made here. Where Vale cannot be installed, it says so and does the rest.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dialect } from './dialect.config.mjs';
import { checked, counted, exceptions, most } from './docs/docs.config.mjs';
import {
  byPeople,
  opensWithSentence,
  unreleased,
  unwantedWords,
  withoutUnwanted,
  wordsOf,
} from './docs/pages.mjs';
import { installVale, runVale } from './docs/vale.mjs';
import { filesOf, root } from './files.mjs';

const read = (page) => readFileSync(join(root, page), 'utf8');
const problems = [];

const counts = filesOf(...counted)
  .map((page) => ({ page, words: wordsOf(read(page)) }))
  .sort((a, b) => b.words - a.words);
for (const { page, words } of counts) {
  const why = exceptions[page];
  console.log(`  ${String(words).padStart(5)} ${page}${why ? ` (not in the sum: ${why})` : ''}`);
  if (why === undefined && words > most.page) {
    problems.push(`${page}: ${words} words, at most ${most.page}`);
  }
  if (!opensWithSentence(read(page))) {
    problems.push(`${page}: no sentence after its title says what it is for`);
  }
}
const sum = counts
  .filter(({ page }) => !Object.hasOwn(exceptions, page))
  .reduce((all, { words }) => all + words, 0);
console.log(`  ${String(sum).padStart(5)} words in all, at most ${most.all}`);
if (sum > most.all) problems.push(`${sum} words in all, at most ${most.all}`);

/** The words of the glossary and of the dialect as rules of Vale. */
function writeRules(styles) {
  const rule = (name, lines) => writeFileSync(join(styles, 'schedhint', name), lines.join('\n'));
  const swap = (pairs) => pairs.map(([word, better]) => `  ${quoted(word)}: ${quoted(better)}`);
  const quoted = (text) => JSON.stringify(text);
  const head = ['extends: substitution', 'level: error', 'ignorecase: true'];
  rule('Glossary.yml', [
    ...head,
    `message: "the glossary has '%s' for '%s'"`,
    'swap:',
    ...swap(unwantedWords(read('docs/glossary.md'))),
  ]);
  rule('Dialect.yml', [
    ...head,
    `message: "better: %s (not '%s')"`,
    'swap:',
    ...swap(Object.entries(dialect)),
  ]);
}

/** The pages as people wrote them, with the rules, in a folder of build/. */
function prepare() {
  const home = join(root, 'build/vale');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const source = fileURLToPath(new URL('docs', import.meta.url));
  cpSync(join(source, 'styles'), join(home, 'styles'), { recursive: true });
  cpSync(join(source, 'vale.ini'), join(home, '.vale.ini'));
  writeRules(join(home, 'styles'));
  const pages = filesOf(...checked).filter((page) => !Object.hasOwn(exceptions, page));
  for (const page of pages) {
    const part = { 'CHANGELOG.md': unreleased, 'docs/glossary.md': withoutUnwanted }[page];
    const text = (part ?? byPeople)(read(page));
    mkdirSync(dirname(join(home, page)), { recursive: true });
    writeFileSync(join(home, page), text);
  }
  return { home, pages };
}

const vale = installVale();
if ('why' in vale) {
  console.log(`  skipped: spelling and style, because Vale cannot be installed: ${vale.why}`);
} else {
  const { home, pages } = prepare();
  for (const { file, line, column, rule, message } of runVale(vale.program, home, pages)) {
    problems.push(`${file}:${line}:${column}: ${message} (${rule})`);
  }
  console.log(`  ${pages.length} pages read by Vale`);
}

for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
