// Makes docs/images/top.svg: what `schedhint top` really shows of the demo's app, in a terminal of its
// own. Root, Linux >= 6.13.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './build.mjs';

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
// The frame that tells most: one with collections in progress, if there was one.
const frame =
  frames.findLast((one) => one.includes(`${ESC}31m`) || one.includes(`${ESC}33m`)) ?? frames.at(-1);
const lines = frame
  .split('\x1b[?25h')[0]
  .split('\r\n')
  .map((line) => line.replace('\x1b[K', '').replaceAll(PIN, '/sys/fs/bpf/schedhint'));
const file = join(root, 'docs/images/top.svg');
writeFileSync(file, svg(lines));
console.log(`wrote ${file}`);

function svg(lines) {
  const charWidth = 7.23;
  const lineHeight = 18;
  const width = Math.ceil(COLUMNS * charWidth + 24);
  const height = lines.length * lineHeight + 24;
  const drawn = lines.map((line, i) => drawLine(line, 12, 12 + i * lineHeight, width)).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="schedhint top: a table of threads with their collections, hints and preemptions">
<rect width="${width}" height="${height}" rx="6" fill="#16181d"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12" fill="#d5d8de">
${drawn}</g>
</svg>
`;
}

/** A line has one style, from its start to its end. */
function drawLine(line, x, y, width) {
  const isStyled = line.startsWith(ESC);
  const code = isStyled ? line.slice(ESC.length, line.indexOf('m')) : '';
  const text = isStyled ? line.slice(line.indexOf('m') + 1, line.lastIndexOf(ESC)) : line;
  const shown = text.slice(0, COLUMNS).trimEnd();
  const fill = { 31: '#ff7b72', 33: '#e3b341', 7: '#16181d', 2: '#7d838f' }[code];
  const weight = code === '1' ? ' font-weight="bold"' : '';
  const length = shown.length * 7.23;
  const back =
    code === '7' ? `<rect x="6" y="${y}" width="${width - 12}" height="18" fill="#d5d8de"/>\n` : '';
  const escaped = shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');
  return `${back}<text x="${x}" y="${y + 13}" textLength="${length.toFixed(0)}"${fill ? ` fill="${fill}"` : ''}${weight}>${escaped}</text>\n`;
}
