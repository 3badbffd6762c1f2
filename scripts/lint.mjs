// Formats and lints. With --write it fixes what it can. Prints what each check found, and ends with `N passed, N failed`.
// `npm run lint -- rooms types` runs only these.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOf, root } from './lint/files.mjs';

const write = process.argv.includes('--write');
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

/** @param {string} file of a package in node_modules @returns {string[]} the command that runs it */
const bin = (name, file) => [process.execPath, join(root, 'node_modules', name, file)];

/** @returns {string[]} the command that runs a check of ours, from scripts/lint */
const own = (name) => [
  process.execPath,
  fileURLToPath(new URL(`lint/${name}.mjs`, import.meta.url)),
  ...(write ? ['--write'] : []),
];

const config = (file) => ['--config', `scripts/lint/${file}`];

const checks = {
  // TypeScript, JavaScript, JSON: format and lint. It takes the indentation from .editorconfig.
  biome: [
    ...bin('@biomejs/biome', 'bin/biome'),
    ...(write ? ['check', '--write'] : ['ci']),
    '--colors=off',
  ],
  // C, C++, BPF
  'clang-format': [
    'clang-format-19',
    ...(write ? ['-i'] : ['--dry-run', '--Werror']),
    ...filesOf('*.c', '*.cc', '*.h'),
  ],
  // The declarations that the next checks read
  build: [process.execPath, 'scripts/build.mjs', '--packages'],
  types: [...bin('typescript', 'bin/tsc'), '-p', '.'],
  // Spelling
  codespell: ['codespell', ...config('codespell.cfg'), ...filesOf()],
  // A comment at the top of each file
  openings: own('openings'),
  // Overused words
  dialect: own('dialect'),
  // The pages: how long they are, their words and their spelling
  docs: own('docs'),
  // Which file may import which
  rooms: own('rooms'),
  // Unused files, exports and dependencies
  knip: [...bin('knip', 'bin/knip.js'), '--no-progress', ...config('knip.jsonc')],
  // The public declarations
  'api-reports': own('api-reports'),
  'package-sizes': own('package-sizes'),
};

const unknown = chosen.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) {
  console.error(
    `no such check: ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`,
  );
  process.exit(2);
}
const selected = Object.entries(checks).filter(
  ([name]) => chosen.length === 0 || chosen.includes(name),
);
let failed = 0;
for (const [name, [command, ...args]] of selected) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  console.log(`${name}: ${status === 0 ? 'ok' : 'failed'}`);
  if (status !== 0) failed++;
}
console.log(`${selected.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
