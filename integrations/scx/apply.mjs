#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
// Puts the reading of hints into the source of a scheduler of the scx project: `apply.mjs NAME DIR`. README.md says what it
// changes. It finds each place that it changes exactly once, or changes nothing.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codeOf, findItems } from './source-items.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The ABI's headers are vendored: they do not count as inserted. */
const HEADERS = ['schedhint.h', 'schedhint.bpf.h'];

export const SCHEDULERS = ['layered', 'lavd', 'bpfland'];
/** All that can be applied: the hints of each scheduler, and what else its source needs. */
const FOLDERS = [...SCHEDULERS, 'layered-leave'];

/** The source is not the one that the edits are for; the message says where. */
export class ApplyError extends Error {}

/**
 * Exactly one of `after`, `before` and `replace`: the anchor, a part of the code (not of a comment) that is there once. `after` and `before`
 * insert whole lines next to those that the anchor is in, with the indentation of the first; `replace` puts the lines in its place.
 *
 * @typedef {object} Edit
 * @property {string} file from the crate's folder
 * @property {string} [in] the function or item that the anchor is searched in; without: the file
 * @property {string} [after]
 * @property {string} [before]
 * @property {string} [replace]
 * @property {string[]} lines
 */

/** @typedef {{ at: number, to: number, text: string, lines: number }} Change of a file: its characters from `at` to `to` become `text` */

const languageOf = (file) => (file.endsWith('.rs') ? 'rust' : 'c');

/** @returns {number[]} each place of `text` in `code` between `start` and `end` */
function placesOf(text, code, start, end) {
  const places = [];
  for (let at = code.indexOf(text, start); at >= 0 && at + text.length <= end; ) {
    places.push(at);
    at = code.indexOf(text, at + 1);
  }
  return places;
}

const times = (n) => (n === 0 ? 'not there' : `there ${n} times`);

/** @param {Edit} edit @param {string} source of its file @returns {Change | string} what is wrong */
function changeOf(edit, source) {
  const kinds = ['after', 'before', 'replace'].filter((kind) => edit[kind] !== undefined);
  const anchor = edit[kinds[0]];
  if (kinds.length !== 1 || anchor === '') return 'it needs one of after, before and replace';
  const items =
    edit.in === undefined
      ? [{ start: 0, end: source.length }]
      : findItems(source, edit.in, languageOf(edit.file));
  if (items.length !== 1) return `${edit.in} is ${times(items.length)}`;
  const places = placesOf(anchor, codeOf(source), items[0].start, items[0].end);
  if (places.length !== 1)
    return `${JSON.stringify(anchor)} is ${times(places.length)}${edit.in ? ` in ${edit.in}` : ''}`;
  const [place] = places;
  if (kinds[0] === 'replace')
    return {
      at: place,
      to: place + anchor.length,
      text: edit.lines.join('\n'),
      lines: edit.lines.length,
    };
  const line = source.lastIndexOf('\n', place) + 1;
  const [indentation] = /^[ \t]*/.exec(source.slice(line, place));
  const text = edit.lines.map((inserted) => `${inserted && indentation + inserted}\n`).join('');
  if (kinds[0] === 'before') return { at: line, to: line, text, lines: edit.lines.length };
  const next = source.indexOf('\n', place + anchor.length - 1) + 1;
  if (next === 0) return 'its anchor is in a last line that has no end';
  return { at: next, to: next, text, lines: edit.lines.length };
}

const inOrder = (changes) => [...changes].sort((a, b) => a.at - b.at);

/** @param {string} source @param {Change[]} changes that do not overlap; those at one place stay in their order */
function withChanges(source, changes) {
  let text = '';
  let at = 0;
  for (const change of inOrder(changes)) {
    text += source.slice(at, change.at) + change.text;
    at = change.to;
  }
  return text + source.slice(at);
}

const overlap = (changes) => {
  const sorted = inOrder(changes);
  return sorted.some((change, i) => i > 0 && change.at < sorted[i - 1].to);
};

/**
 * What the edits make of the files in a folder. Changes nothing there.
 *
 * @param {Edit[]} edits
 * @param {string} dir
 * @returns {{ files: Map<string, string>, lines: number }} the new text of each file; how many lines were inserted
 * @throws {ApplyError} saying all edits that have no place
 */
export function editedFiles(edits, dir) {
  const wrong = [];
  const files = new Map();
  let lines = 0;
  for (const file of new Set(edits.map((edit) => edit.file))) {
    if (!existsSync(join(dir, file))) {
      wrong.push(`${file}: no such file`);
      continue;
    }
    const source = readFileSync(join(dir, file), 'utf8');
    const changes = [];
    for (const edit of edits.filter((each) => each.file === file)) {
      const change = changeOf(edit, source);
      if (typeof change === 'string') wrong.push(`${file}: ${change}`);
      else changes.push(change);
    }
    if (overlap(changes)) wrong.push(`${file}: two edits change the same text`);
    files.set(file, withChanges(source, changes));
    for (const change of changes) lines += change.lines;
  }
  if (wrong.length > 0) throw new ApplyError(wrong.join('\n'));
  return { files, lines };
}

/** @param {string} name @returns {{ crate: string, version: string, headers?: boolean, add: Record<string, string>, edits: Edit[] }} `headers`: false without those of the ABI */
export function editsOf(name) {
  if (!existsSync(join(HERE, name, 'edits.json')))
    throw new ApplyError(`${name} has no edits.json`);
  return JSON.parse(readFileSync(join(HERE, name, 'edits.json'), 'utf8'));
}

/**
 * The files that are added to a scheduler's tree: where in it, and where they come from. `counts` is what their lines count as: a
 * scheduler's own, those that all share, or none of ours.
 */
function addedFiles(name, { add, headers = true }) {
  const include = join(HERE, '../../abi/include/schedhint');
  return [
    ...(headers ? HEADERS : []).map((header) => ({
      to: `src/bpf/schedhint/${header}`,
      from: join(include, header),
      counts: 'vendored',
    })),
    ...Object.entries(add).map(([to, from]) => ({
      to,
      from: join(HERE, name, from),
      counts: from.startsWith('../') ? 'shared' : 'added',
    })),
  ];
}

/** @param {string} name @returns {string[]} all files that what is applied depends on */
export function ingredientsOf(name) {
  const sources = ['apply.mjs', 'source-items.mjs', `${name}/edits.json`].map((file) =>
    join(HERE, file),
  );
  return [...sources, ...addedFiles(name, editsOf(name)).map(({ from }) => from)];
}

const linesIn = (text) => text.split('\n').length - 1;

/**
 * Puts the reading of hints into a scheduler's source.
 *
 * @param {string} name one of FOLDERS
 * @param {string} dir the crate's folder, which has Cargo.toml
 * @returns {{ edited: number, added: number, shared: number }} lines inserted into the scheduler's files, in a new file for this scheduler, and in
 *   new files that all schedulers have; the ABI's headers count as none
 * @throws {ApplyError} nothing was changed then
 */
export function applyHints(name, dir) {
  if (!FOLDERS.includes(name))
    throw new ApplyError(`no scheduler ${name}: there are ${FOLDERS.join(', ')}`);
  const { edits, ...rest } = editsOf(name);
  const files = addedFiles(name, rest);
  const there = files.filter(({ to }) => existsSync(join(dir, to)));
  if (there.length > 0) {
    throw new ApplyError(
      `${dir} has ${there[0].to} already: the edits are applied. Start from a fresh copy of the source`,
    );
  }
  const { files: edited, lines } = editedFiles(edits, dir);
  const inserted = { vendored: 0, shared: 0, added: 0 };
  for (const { to, from, counts } of files) {
    const text = readFileSync(from, 'utf8');
    edited.set(to, text);
    inserted[counts] += linesIn(text);
  }
  for (const [file, text] of edited) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return { edited: lines, added: inserted.added, shared: inserted.shared };
}

function main([name, dir, ...rest]) {
  if (dir === undefined || rest.length > 0) {
    console.error(
      `Usage: apply.mjs ${FOLDERS.join('|')} DIR\n\nDIR is the scheduler's crate: a copy that may be changed.`,
    );
    return 2;
  }
  try {
    const { edited, added, shared } = applyHints(name, dir);
    console.log(
      `${name}: ${edited + added} lines inserted, ${edited} into its files and ${added} in a new file; ${shared} that all schedulers share, and the ABI's headers`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    console.error(`nothing was changed:\n${error.message}`);
    return 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = main(process.argv.slice(2));
