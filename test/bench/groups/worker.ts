// Measures what schedhint adds to the start of a worker: the preload, and an app's own require() or import() with an attach, each less
// than a worker that does the same with an empty package.

import { spawnSync } from 'node:child_process';
import { inInstalledApp } from '../installed-app.js';
import type { Group, Row } from '../row.js';
import { summarize } from '../statistics.js';

const PROGRAM = 'worker-cost.cjs';
const KINDS = ['register', 'require', 'import'] as const;

export const worker: Group = {
  name: 'worker',
  ids: ['worker.plain', ...KINDS.map((kind) => `worker.${kind}-added`)],
  async measure(bed, { short }) {
    const env = { ...process.env, NODE_OPTIONS: '', SCHEDHINT_MAP: bed.pin('schedhint') };
    const rounds = short ? 2 : 60;
    const times = await inInstalledApp([PROGRAM], (home): Record<string, number[]> => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, String(rounds)], {
        cwd: home,
        env,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${PROGRAM} exited with ${status}: ${stderr}`);
      return JSON.parse(stdout);
    });
    const row = (id: string, samples: readonly number[]): Row => ({
      id,
      unit: 'ms',
      ...summarize(samples),
    });
    return [
      row('worker.plain', times.plain!),
      ...KINDS.map((kind) => {
        const added = times[kind]!.map((took, round) => took - times[`${kind}Empty`]![round]!);
        return row(`worker.${kind}-added`, added);
      }),
    ];
  },
};
