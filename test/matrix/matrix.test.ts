import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { chooseRows, mergeTable, runRow } from '../../scripts/matrix.mjs';
import { pages, withResults } from '../../scripts/where-it-runs.mjs';
import { until } from '../rig/until.js';

const ROWS = ['a', 'b', 'c'].map((name) => ({ name, command: ['-e', ''], minutes: 1 }));
const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name).join('');
const program = (script: string, minutes = 1) => ({ name: 'x', command: ['-e', script], minutes });

test('--only and --from choose rows, in their order', () => {
  expect(names(chooseRows(ROWS, {}))).toBe('abc');
  expect(names(chooseRows(ROWS, { from: 'b' }))).toBe('bc');
  expect(names(chooseRows(ROWS, { only: 'c,a' }))).toBe('ac');
  expect(() => chooseRows(ROWS, { only: 'd' })).toThrow('no row d: there are a, b, c');
});

test('the table keeps the lines of rows that were not run, and drops rows that are gone', () => {
  const first = mergeTable('', ROWS, [
    ['c', '| c | failed |'],
    ['a', '| a | passed |'],
  ]);
  expect(first.split('\n').slice(2)).toEqual(['| a | passed |', '| c | failed |', '']);
  const second = mergeTable(first, ROWS.slice(1), [['b', '| b | passed |']]);
  expect(second.split('\n').slice(2)).toEqual(['| b | passed |', '| c | failed |', '']);
});

test("a row's last line is its result, its exit code the verdict", async () => {
  const line = `console.log('noise'); console.log('{"versions":"v1","found":"all"}')`;
  expect(await runRow(program(line))).toEqual({ ok: true, versions: 'v1', found: 'all' });
  expect(await runRow(program(`${line}; process.exitCode = 1`))).toMatchObject({ ok: false });
  expect(await runRow(program('process.exit(3)'))).toEqual({
    ok: false,
    versions: '',
    found: 'ended with 3 and no result',
  });
});

test('a row that takes too long is ended, and what it has started with it', async () => {
  // Its child holds the pipe: the row is over only when both have ended.
  const script = `require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' })`;
  expect(await runRow(program(script, 1 / 60))).toMatchObject({
    ok: false,
    found: expect.stringMatching(/^took longer than /),
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends the row too, though its process group is separate', async (signal, code) => {
  const matrix = new URL('../../scripts/matrix.mjs', import.meta.url).href;
  const row = program('console.log(process.pid); setInterval(() => {}, 1000)');
  const script = `import(${JSON.stringify(matrix)}).then(({ runRow }) => runRow(${JSON.stringify(row)}))`;
  const parent = spawn(process.execPath, ['-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(said);
  const ended = once(parent, 'exit');
  parent.kill(signal);
  expect(await ended).toEqual([code, null]);
  await until('the row has ended', () => !isThere(pid));
});

function isThere(pid: number) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the page has the results between their marks, and keeps what has never run', () => {
  const part = (name: string, text: string) =>
    `<!-- matrix: ${name} -->\n${text}<!-- /matrix -->\n`;
  const page = `${part('a', 'old\n')}between\n${part('b', 'kept\n')}`;
  const results = (name: string) => (name === 'a' ? '| $1 |\n' : null);
  expect(withResults(page, results)).toBe(
    `${part('a', '| $1 |\n')}between\n${part('b', 'kept\n')}`,
  );
});

test('the pages have the results that are kept', () => {
  for (const { file, before, after } of pages()) expect(before, file).toBe(after);
});
