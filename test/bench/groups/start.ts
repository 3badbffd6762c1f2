// Measures the start of a Node.js process with and without the preload; an empty preload shows the share of Node.js itself.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inInstalledApp } from '../installed-app.js';
import type { Group } from '../row.js';
import { shuffle } from '../shuffle.js';
import { summarize } from '../statistics.js';

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

export const start: Group = {
  name: 'start',
  ids: [...ids, ...ids.slice(1).map((id) => `${id}-added`)],
  async measure(bed, { short }) {
    const times = new Map<string, number[]>(ids.map((id) => [id, []]));
    const env = { ...process.env, NODE_OPTIONS: '', SCHEDHINT_MAP: bed.pin('schedhint') };
    await inInstalledApp([], (home) => {
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
    });
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
