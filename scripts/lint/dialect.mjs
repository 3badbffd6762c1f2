// Counts the words of dialect.config.mjs in comments, strings and pages, by top-level folder. Fails where a count has risen above
// the one in dialect.json; --write lowers those that have fallen.
//
// What the programs that users run may print has none of them.
//
// In a folder that dialect.json does not list yet, files may have arrived from another folder: there only the total over all folders
// must not rise. Without dialect.json, --write creates it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialect, leftOut, shown } from './dialect.config.mjs';
import { filesOf, root } from './files.mjs';
import { proseOf, stringsOf } from './prose.mjs';

const LIST = join(root, 'scripts/lint/dialect.json');
const ROOT_FOLDER = '.';
const words = Object.keys(dialect);

/** @returns {Map<string, string>} the prose of each folder */
function proseByFolder() {
  const folders = new Map();
  const isLeftOut = (file) =>
    leftOut.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name));
  for (const file of filesOf().filter((name) => !isLeftOut(name))) {
    const prose = proseOf(file, readFileSync(join(root, file), 'utf8'));
    const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : ROOT_FOLDER;
    folders.set(folder, `${folders.get(folder) ?? ''} | ${prose}`);
  }
  return folders;
}

function countsIn(prose) {
  const counts = words.map((word) => [
    word,
    prose.match(new RegExp(`\\b${word}\\b`, 'gi'))?.length,
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

const total = (counts, word) =>
  Object.values(counts).reduce((sum, folder) => sum + (folder[word] ?? 0), 0);

const counts = Object.fromEntries(
  [...proseByFolder()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, prose]) => [folder, countsIn(prose)])
    .filter(([, counts]) => Object.keys(counts).length > 0),
);
const allowed = existsSync(LIST) ? JSON.parse(readFileSync(LIST, 'utf8')) : counts;

const problems = [];
for (const [folder, found] of Object.entries(counts)) {
  for (const [word, count] of Object.entries(found)) {
    const most = allowed[folder]?.[word] ?? 0;
    const moved = !(folder in allowed) && total(counts, word) <= total(allowed, word);
    if (count <= most || moved) continue;
    problems.push(`${folder}: "${word}" ${count} times, was ${most}; better: ${dialect[word]}`);
  }
}

const ANY = new RegExp(`\\b(${words.join('|')})\\b`, 'i');
for (const file of filesOf(...shown).filter((name) => !name.endsWith('.test.ts'))) {
  for (const { line, text } of stringsOf(file, readFileSync(join(root, file), 'utf8'))) {
    const word = ANY.exec(text)?.[0];
    if (word === undefined) continue;
    const better = dialect[word.toLowerCase()];
    problems.push(`${file}:${line}: "${word}" in a text that users may see; better: ${better}`);
  }
}

console.log(`  ${words.map((word) => `${word} ${total(counts, word)}`).join(', ')}`);
for (const folder of Object.keys(counts)) {
  const sum = Object.values(counts[folder]).reduce((a, b) => a + b, 0);
  console.log(`  ${folder}: ${sum}`);
}
for (const problem of problems) console.log(`  ${problem}`);
if (problems.length === 0 && process.argv.includes('--write')) {
  writeFileSync(LIST, `${JSON.stringify(counts, null, 2)}\n`);
}
process.exit(problems.length > 0 ? 1 : 0);
