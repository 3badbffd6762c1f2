// Makes docs/images/top.svg: what `schedhint top` really shows of the demo's app, in a terminal of its
// own. Root, Linux >= 6.13.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './build.mjs';
import { terminalPicture } from './terminal-picture.mjs';

const ESC = '\x1b[';
const COLUMNS = 134;
const ROWS = 8;
const PIN = '/sys/fs/bpf/schedhint_p';
const SECONDS = 15;

const demo = spawn(
  process.execPath,
  [join(root, 'examples/demo/demo.mjs'), '--seconds', String(SECONDS), '--pin', PIN, '--json'],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
while (!existsSync(PIN)) {
  if (demo.exitCode !== null) throw new Error('the demo has ended');
  await delay(50);
}
const top = join(root, 'packages/schedhint/bin/schedhint.js');
const command = `stty cols ${COLUMNS} rows ${ROWS} && exec '${process.execPath}' '${top}' top --map ${PIN} --interval 2 --iterations 4`;
const terminal = spawn('script', ['-qec', command, '/dev/null'], {
  env: { ...process.env, TERM: 'xterm', NO_COLOR: '' },
});
let text = '';
terminal.stdout.setEncoding('utf8').on('data', (part) => (text += part));
await Promise.all([once(terminal, 'close'), once(demo, 'close')]);

const frames = text.split('\x1b[H').filter((frame) => frame.includes('q quit'));
// The frame that shows most: one with collections in progress, if there was one.
const frame =
  frames.findLast((one) => one.includes(`${ESC}31m`) || one.includes(`${ESC}33m`)) ?? frames.at(-1);
const lines = frame
  .split('\x1b[?25h')[0]
  .split('\r\n')
  .map((line) => line.replace('\x1b[K', '').replaceAll(PIN, '/sys/fs/bpf/schedhint'));
const file = join(root, 'docs/images/top.svg');
writeFileSync(
  file,
  terminalPicture(lines, {
    columns: COLUMNS,
    label: 'schedhint top: a table of threads with their collections, hints and preemptions',
  }),
);
console.log(`wrote ${file}`);
