// Measures the start of a Node.js process with and without the preload; an empty preload shows the share of Node.js itself.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Group } from '../row.js';
import { shuffle } from '../shuffle.js';
import { summarize } from '../statistics.js';

const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
const file = (name: string) => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

/** Ways to start an application that does nothing. */
const STARTS: Readonly<Record<string, readonly string[]>> = {
  'start.node': [],
  'start.require': ['--require', 'schedhint/register'],
  'start.require-empty': ['--require', 'empty/register'],
  'start.import': ['--import', 'schedhint/register'],
  'start.perf-hooks': ['--require', file('observe-gc.cjs')],
};
const ids = Object.keys(STARTS);

/** An application's directory, with what the preload needs where a package manager puts it. */
function install(): string {
  const home = mkdtempSync(join(tmpdir(), 'schedhint-start-'));
  const copy = (from: string, to: string) =>
    cpSync(join(packages, from), join(home, 'node_modules', to), { recursive: true });
  copy('schedhint/package.json', 'schedhint/package.json');
  copy('schedhint/dist', 'schedhint/dist');
  copy('native/package.json', '@schedhint/native/package.json');
  copy(
    `native/prebuilds/linux-${process.arch}/schedhint.node`,
    `@schedhint/native/prebuilds/linux-${process.arch}/schedhint.node`,
  );
  // Found as ours is, by its package's exports, and with nothing in it: what Node.js itself takes.
  const empty = join(home, 'node_modules', 'empty');
  mkdirSync(empty);
  writeFileSync(
    join(empty, 'package.json'),
    JSON.stringify({ name: 'empty', exports: { './register': { default: './register.cjs' } } }),
  );
  writeFileSync(join(empty, 'register.cjs'), '');
  return home;
}

export const start: Group = {
  name: 'start',
  ids: [...ids, ...ids.slice(1).map((id) => `${id}-added`)],
  async measure(bed, { short }) {
    const times = new Map<string, number[]>(ids.map((id) => [id, []]));
    const home = install();
    const env = { ...process.env, NODE_OPTIONS: '', SCHEDHINT_MAP: bed.pin('schedhint') };
    for (let round = 0; round < (short ? 2 : 40); round++) {
      for (const id of shuffle([...ids])) {
        const before = process.hrtime.bigint();
        const { status, stderr } = spawnSync(
          process.execPath,
          [...STARTS[id]!, file('empty.cjs')],
          { cwd: home, env, encoding: 'utf8' },
        );
        const took = Number(process.hrtime.bigint() - before) / 1e6;
        if (status !== 0) throw new Error(`${id} exited with ${status}: ${stderr}`);
        times.get(id)!.push(took);
      }
    }
    rmSync(home, { recursive: true });
    const plain = times.get('start.node')!;
    return ids.flatMap((id) => {
      const samples = times.get(id)!;
      const row = { id, unit: 'ms', ...summarize(samples) };
      if (id === 'start.node') return [row];
      const added = samples.map((took, round) => took - plain[round]!);
      return [
        { ...row, against: 'start.node' },
        { id: `${id}-added`, unit: 'ms', ...summarize(added) },
      ];
    });
  },
};
