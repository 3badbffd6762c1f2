// The real jest: each test file has its own realm, and --detectOpenHandles names what keeps a
// process alive.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const jest = fileURLToPath(new URL('node_modules/jest/bin/jest.js', import.meta.url));
const programs = fileURLToPath(new URL('programs', import.meta.url));

/** How jest ended, how many tests it has run, and the open handles that it names. */
function run(file: string, ...args: string[]) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [jest, '--rootDir', programs, '--config', `${programs}/jest.config.json`, ...args, file],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', CI: 'true' } },
  );
  const tests = /^Tests: +(.*)$/m.exec(stderr)?.[1] ?? stderr;
  const openHandles = [...stderr.matchAll(/^ +● +(\S.*)$/gm)].map(([, name]) => name!);
  return { status, tests, openHandles };
}

describe('jest --detectOpenHandles', () => {
  test('names nothing of schedhint', () => {
    expect(run('uses-schedhint', '--detectOpenHandles')).toEqual({
      status: 0,
      tests: '2 passed, 2 total',
      openHandles: [],
    });
  });

  test('names what is left open, in the same realm', () => {
    expect(run('leaves-a-server', '--detectOpenHandles', '--forceExit')).toEqual({
      status: 0,
      tests: '1 passed, 1 total',
      openHandles: ['TCPSERVERWRAP'],
    });
  });
});

test.each([['in processes'], ['in threads', '--workerThreads']])('jest %s', (_, ...args) => {
  const { status, tests } = run('uses-schedhint', '--maxWorkers=2', ...args);
  expect({ status, tests }).toEqual({ status: 0, tests: '2 passed, 2 total' });
});
