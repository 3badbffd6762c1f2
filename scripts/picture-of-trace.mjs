// Makes docs/images/trace.png: the page that `schedhint trace --html` writes of the demo's app, as
// Chromium shows it. Root, Linux >= 6.13.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startObserver } from '@schedhint/observer';
import { root } from './build.mjs';

const PIN = `/sys/fs/bpf/schedhint_t${process.pid}`;
const SECONDS = 20;
const TRACED_SECONDS = 2;
const SIZE = '1200,620';
/** The main thread and three workers. */
const APP_THREADS = 4;

const scratch = mkdtempSync(join(tmpdir(), 'schedhint-picture-'));
const page = join(scratch, 'trace.html');
const demo = spawn(
  process.execPath,
  [join(root, 'examples/demo/demo.mjs'), '--seconds', String(SECONDS), '--pin', PIN, '--json'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
createInterface({ input: demo.stdout }).on('line', () => {}); // its report is not needed

/** The app's pid, once all its threads work. */
async function working() {
  // The demo's own reader makes the map.
  while (!existsSync(PIN) && demo.exitCode === null) await delay(50);
  const observer = await startObserver({ map: PIN, intervalMs: 100 });
  for await (const { threads } of observer) {
    const busy = threads.filter(({ kind, gcCount }) => kind === 'js' && gcCount > 2);
    if (busy.length < APP_THREADS) continue;
    await observer.stop();
    return busy[0].tgid;
  }
  throw new Error('the demo has ended');
}

const trace = spawn(
  process.execPath,
  [
    join(root, 'packages/schedhint/bin/schedhint.js'),
    ...['trace', '--map', PIN, '--pid', String(await working())],
    ...['--seconds', String(TRACED_SECONDS), '--html', '--output', page],
  ],
  { stdio: 'inherit' },
);
await Promise.all([once(trace, 'close'), once(demo, 'close')]);

const picture = join(root, 'docs/images/trace.png');
const chromium = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'];
execFileSync(
  'chromium',
  [...chromium, `--window-size=${SIZE}`, `--screenshot=${picture}`, `file://${page}`],
  { stdio: 'ignore' },
);
rmSync(scratch, { recursive: true });
console.log(`wrote ${picture}`);
