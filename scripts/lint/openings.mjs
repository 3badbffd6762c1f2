// Checks that each source file begins with a comment that says what it does. Tests say it by their names, and a .cc file by its header.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, root } from './files.mjs';

const SOURCES = ['*.ts', '*.mjs', '*.cjs', '*.js', '*.c', '*.cc', '*.h'];
/** What may stand above the comment. */
const ABOVE = /^(#!.*|#pragma once|\/\* SPDX-.*|\/\/ SPDX-.*|)$/;

const isExempt = (file) =>
  file.endsWith('.test.ts') ||
  (file.endsWith('.cc') && existsSync(join(root, file.replace(/\.cc$/, '.h'))));

function hasOpening(file) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const first = lines.find((line) => !ABOVE.test(line)) ?? '';
  return /^(\/\/|\/\*)/.test(first);
}

const without = filesOf(...SOURCES).filter((file) => !isExempt(file) && !hasOpening(file));
for (const file of without) console.log(`  ${file}: no comment at its top says what it does`);
process.exit(without.length > 0 ? 1 : 0);
