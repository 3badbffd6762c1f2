// Every way of starting an app, with the tool's current version: npm run matrix -- start

const row = (name, file, args = [], minutes = 10) => ({
  name,
  command: ['--import', 'ts-blank-space/register', `test/matrix/start/${file}.ts`, ...args],
  minutes,
});

/** @type {import('../../scripts/matrix.mjs').Row[]} */
export const rows = [
  ...['npm', 'pnpm', 'yarn-classic', 'yarn-pnp'].map((name) =>
    row(name, 'package-managers', [name]),
  ),
  ...['require-by-name', 'require-by-path', 'import', 'node-options-path'].map((name) =>
    row(name, 'preloads', [name]),
  ),
  ...['cluster', 'child-process-fork'].map((name) => row(name, 'children', [name])),
  ...['pm2-fork', 'pm2-cluster'].map((name) => row(name, 'pm2', [name])),
  ...['tsx', 'ts-node'].map((name) => row(name, 'typescript', [name])),
  ...['node-watch', 'nodemon'].map((name) => row(name, 'watchers', [name])),
  ...['vitest-threads', 'vitest-forks', 'vitest-vmThreads'].map((name) =>
    row(name, 'vitest', [name.replace('vitest-', '')]),
  ),
  ...['jest-processes', 'jest-threads'].map((name) => row(name, 'jest', [name])),
  row('vm-context', 'vm-context'),
  ...['jest', 'sinon', 'vitest'].map((name) => row(`fake-timers-${name}`, 'fake-timers', [name])),
];
