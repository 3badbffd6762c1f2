// Formats and lints: biome for TypeScript and JavaScript, clang-format for C, C++ and BPF, tsc for
// types. With --write it mends what it can. Ends with `N passed, N failed`.

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const bin = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file);
const write = process.argv.includes('--write');
const cFiles = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.c', '*.cc', '*.h'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => file !== '');

const node = process.execPath;
const checks = [
  [
    'biome',
    [
      node,
      bin('@biomejs/biome', 'bin/biome'),
      write ? 'check' : 'ci',
      ...(write ? ['--write'] : []),
    ],
  ],
  ['clang-format', ['clang-format-19', ...(write ? ['-i'] : ['--dry-run', '--Werror']), ...cFiles]],
  ['types', [node, bin('typescript', 'bin/tsc'), '-p', '.']],
];

let failed = 0;
for (const [name, [command, ...args]] of checks) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  console.log(`${name}: ${status === 0 ? 'ok' : 'failed'}`);
  if (status !== 0) failed++;
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
