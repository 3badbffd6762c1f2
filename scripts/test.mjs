// Runs the tests that take minutes together, names the slowest files and ends with `N passed, N failed`.
// `--long` as the first argument: those that take longer, instead. Others go to vitest:
// npm test -- test/cli/doctor

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'schedhint-test-'));
const report = join(scratch, 'report.json');

const SLOWEST = 10;
const [first, ...others] = process.argv.slice(2);
const isLong = first === '--long';
const projects = isLong ? ['long'] : ['unit', 'system', 'alone'];

const { status } = spawnSync(
  process.execPath,
  [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...projects.map((name) => `--project=${name}`),
    ...(isLong || first === undefined ? others : [first, ...others]),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);

function printSlowest(files) {
  const timed = files.map(({ name, startTime, endTime }) => ({
    name: relative(root, name),
    seconds: (endTime - startTime) / 1000,
  }));
  timed.sort((a, b) => b.seconds - a.seconds);
  console.log(`\nThe slowest files, of ${timed.length}:`);
  for (const { name, seconds } of timed.slice(0, SLOWEST)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
  }
}

let passed = 0;
let failed = 0;
let skipped = 0;
if (existsSync(report)) {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed = result.numPassedTests;
  failed = result.numFailedTests;
  skipped = result.numPendingTests + result.numTodoTests;
  printSlowest(result.testResults);
}
rmSync(scratch, { recursive: true, force: true });
// A file that could not be loaded, or an error outside of a test, fails the run without a test.
if (status !== 0 && failed === 0) failed = 1;
// In CI every test can run, so one that was skipped hides something.
if (process.env.CI && skipped > 0) {
  console.log(`${skipped} tests were skipped, which in CI is a failure`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
