// Makes docs/images/check.svg, why.svg and why-page.png: what `schedhint check` and `why` really show of an app that collects, blocks
// its event loop and has neighbours on its CPU, in a terminal and in Chromium. No root.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './build.mjs';
import { terminalPicture } from './terminal-picture.mjs';

const CPU = ['taskset', '--cpu-list', '0'];
const COLUMNS = { check: 120, why: 146 };
const ROWS = 18;
const PAGE_SIZE = '1060,760';

const APP = `import { Worker, isMainThread } from 'node:worker_threads';
if (isMainThread) new Worker(new URL(import.meta.url));
const kept = [];
let turn = 0;
setInterval(() => {
  for (let i = 0; i < 150; i++) kept.push(Array.from({ length: 50 }, (_, n) => ({ n })));
  if (kept.length > 3000) kept.splice(0, 1500);
  if (isMainThread && turn++ % 20 === 0) for (const end = performance.now() + 60; performance.now() < end; );
}, 20);
`;

const scratch = mkdtempSync(join(tmpdir(), 'schedhint-picture-'));
const bin = join(root, 'packages/schedhint/bin/schedhint.js');
const register = join(root, 'packages/schedhint/dist/register.cjs');
const hogs = [1, 2].map(() => start([...CPU, process.execPath, '-e', 'for (;;);']));
try {
  writeFileSync(join(scratch, 'app.mjs'), APP);
  const started = `check --seconds 8 -- ${CPU.join(' ')} node app.mjs`;
  const checked = await inTerminal(started, COLUMNS.check, 40);
  const lines = checked.split('\r\n').map((line) => line.replace(`${CPU.join(' ')} `, ''));
  const from = lines.findIndex((line) => line.startsWith('schedhint check'));
  const report = ['$ npx schedhint check -- node app.mjs', ...lines.slice(from)];
  picture('check', report, 'schedhint check: verdicts with what was measured and what to do');

  const env = { NODE_OPTIONS: `--require ${register}`, SCHEDHINT_STALLS: '50,none' };
  const app = start([...CPU, process.execPath, 'app.mjs'], env);
  const html = join(scratch, 'why.html');
  const page = spawn(
    process.execPath,
    [bin, 'why', '--pid', `${app.pid}`, '--seconds', '10', '--html', html],
    { stdio: 'ignore' },
  );
  const live = await inTerminal(`why --pid ${app.pid}`, COLUMNS.why, ROWS, 6000);
  const frames = live.split('\x1b[H').filter((frame) => frame.includes('q quit'));
  const table = frames.at(-1).split('\x1b[?25h')[0].replaceAll('\x1b[K', '').split('\r\n');
  picture('why', table, 'schedhint why: a table of what each thread of a process does');
  if (page.exitCode === null) await once(page, 'exit');
  app.kill('SIGKILL');
  const png = join(root, 'docs/images/why-page.png');
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'];
  execFileSync(
    'chromium',
    [...flags, `--window-size=${PAGE_SIZE}`, `--screenshot=${png}`, `file://${html}`],
    { stdio: 'ignore' },
  );
  console.log(`wrote ${png}`);
} finally {
  for (const hog of hogs) hog.kill('SIGKILL');
  rmSync(scratch, { recursive: true });
}

function start([program, ...args], env = {}) {
  return spawn(program, args, { stdio: 'ignore', cwd: scratch, env: { ...process.env, ...env } });
}

/** What a command shows in a terminal; after so many ms, `q` is pressed. */
async function inTerminal(args, columns, rows, quitMs) {
  const command = `stty cols ${columns} rows ${rows} && exec '${process.execPath}' '${bin}' ${args}`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: scratch,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '', NODE_OPTIONS: '' },
  });
  if (quitMs !== undefined) setTimeout(() => terminal.stdin.write('q'), quitMs);
  let text = '';
  terminal.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  await once(terminal, 'close');
  return text;
}

function picture(name, lines, label) {
  const file = join(root, `docs/images/${name}.svg`);
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const shown = lines.slice(0, last + 1);
  writeFileSync(file, terminalPicture(shown, { columns: COLUMNS[name], label }));
  console.log(`wrote ${file}`);
}
