// npm run test:terminate [-- --short] [-- WORDS]: worker.terminate() inside each native entry, in each
// Node.js. 2,000 terminations for each version, 200 with --short. WORDS: only the entries that have
// one of them in their name.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { mountBpffs } from '../rig/bpffs.js';
import { whyNot } from '../rig/unsupported-reason.js';
import { buildGate } from './build-gate.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const require = createRequire(import.meta.url);
const { entries } = require('./programs/entries.cjs') as { entries: Record<string, unknown> };

const MOST_ABORTS = 3; // of a cell: each costs a core dump's time, and says the same

const short = process.argv.includes('--short');
const words = process.argv.slice(2).filter((word) => word !== '--short');
const chosen = Object.keys(entries).filter(
  (name) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (chosen.length === 0) {
  console.error(`no entry is called so: there are ${Object.keys(entries).join(', ')}`);
  process.exit(64);
}
const times = Math.ceil((short ? 200 : 2000) / Object.keys(entries).length);

/** What came of one entry in one Node.js. */
interface Cell {
  inside: number;
  aborted: number;
  /** Empty: everything is as it should be. */
  problem: string;
}

async function fill(node: string, gate: string, map: string, entry: string): Promise<Cell> {
  const cell: Cell = { inside: 0, aborted: 0, problem: '' };
  while (cell.inside + cell.aborted < times && cell.aborted < MOST_ABORTS) {
    const done = cell.inside + cell.aborted;
    const program = [here('programs/terminate.cjs'), gate, ADDON, map, entry];
    const child = spawn(node, [...program, `${times - done}`, `${done}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code, signal] = await once(child, 'close');
    cell.inside += stdout.match(/"inside"/g)?.length ?? 0;
    if (code === 0 && stderr === '' && stdout.includes('"done":true')) break;
    cell.problem = `${signal ?? `exit code ${code}`}: ${stderr.slice(0, 2000)}`;
    if (signal === null) break; // what it says is about the test, or about what is left behind
    cell.aborted++;
  }
  if (cell.problem === '' && cell.inside !== times) cell.problem = 'some were not inside';
  return cell;
}

const ADDON = realpathSync(
  here(`../../packages/native/prebuilds/linux-${process.arch}/schedhint.node`),
);
const scratch = mkdtempSync(join(tmpdir(), 'schedhint-terminate-'));
const reason = whyNot();
if (reason !== null) console.log(`without a map to bind to: ${reason}`);
if (reason !== null && process.env.CI) process.exit(1);
const bpffs = reason === null ? mountBpffs() : null;
const reader = bpffs && (await BpfReader.load('sampler', bpffs.path));
const binaries = nodeBinaries();
const width = Math.max(...chosen.map((name) => name.length));
const problems: string[] = [];
const totals = binaries.map(() => 0);
let passed = 0;
try {
  const gate = buildGate(scratch);
  const map = bpffs === null ? join(scratch, 'no-map') : `${bpffs.path}/schedhint`;
  const heads = binaries.map(({ version }) => version.padStart(16)).join('');
  console.log(`${'terminated inside, aborted'.padEnd(width)}${heads}`);
  for (const entry of chosen) {
    process.stdout.write(entry.padEnd(width));
    for (const [column, { path, version }] of binaries.entries()) {
      const { inside, aborted, problem } = await fill(path, gate, map, entry);
      totals[column]! += inside;
      process.stdout.write(`${inside}, ${aborted}`.padStart(16));
      if (problem === '') passed++;
      else problems.push(`${entry}, ${version}: ${problem}`);
    }
    process.stdout.write('\n');
  }
  console.log(`${'all'.padEnd(width)}${totals.map((total) => `${total}`.padStart(16)).join('')}`);
} finally {
  await reader?.close();
  bpffs?.unmount();
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.log(`\n${problem}`);
console.log(`${passed} passed, ${problems.length} failed`);
process.exit(problems.length > 0 ? 1 : 0);
