// Runs the tests that docs/testing.md shows, with the test runners that it shows them for.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blocksOf, root } from './pages.js';

const blocks = blocksOf('docs/testing.md');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

test('the app of the tests is the one that the page shows', () => {
  const app = blocks.find(({ code }) => code.startsWith('// app.js\n'))!.code;
  const [one, other] = blocks.flatMap(({ files }) => files['app.js'] ?? []);
  expect([`// app.js\n${one}`, other]).toEqual([app, one]);
});

test.each([
  ['vitest', [vitest, 'run', '--root', '.', '--config', 'vitest.config.js'], /Tests .*1 passed/],
  ['node:test', ['--test', 'block.test.js'], /^# pass 1$/m],
])('%s', (runner, args, passed) => {
  const { code, files } = blocks.find((block) => block.code.includes(`from '${runner}'`))!;
  const home = join(root, 'build/doc-tests', runner.replace(':', '-')); // where the packages are found from
  const settings = {
    'package.json': '{ "type": "module" }\n',
    'vitest.config.js': 'export default {};\n',
  };
  /** Runs it, after a change. */
  const run = (change: (text: string) => string) => {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    for (const [name, text] of Object.entries({ ...settings, ...files, 'block.test.js': code })) {
      writeFileSync(join(home, name), change(text));
    }
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
    // Of the run that this test is in.
    for (const name of Object.keys(env))
      if (/^(VITEST|NODE_TEST|NODE_OPTIONS)/.test(name)) delete env[name];
    const reporter = runner === 'vitest' ? [] : ['--test-reporter=tap'];
    return spawnSync(process.execPath, [...reporter, ...args], {
      cwd: home,
      encoding: 'utf8',
      env,
    });
  };
  const ran = run((text) => text);
  expect(ran, ran.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(passed) });
  // An app that publishes something else fails it.
  expect(
    run((text) => text.replace(/urgency: '(high|low)'(?=.*async)/g, "urgency: 'normal'")).status,
  ).toBe(1);
});
