// Measures what loading schedhint and its preload adds to a process that has loaded an empty package in the same way, and the parts of
// it: read and compile, open the addon, attach the thread.

import { spawnSync } from 'node:child_process';
import { inInstalledApp } from '../installed-app.js';
import type { Group, Row } from '../row.js';
import { shuffle } from '../shuffle.js';
import { summarize } from '../statistics.js';

const PROGRAM = 'import-cost.cjs';
const KINDS = ['require', 'import'] as const;

/** What the program prints. */
interface Costs {
  readonly loadEmpty: number;
  readonly load: number;
  readonly addon?: number;
  readonly attach?: number;
  /** KiB */
  readonly rss: number;
}

/** The rows of an entry point that attaches when it is asked to. */
const ROOT_ROWS = ['', '-addon', '-attach', '-rss'];

/** The rows' numbers from what the runs have printed. */
function rowsOf(id: string, costs: readonly Costs[]): Row[] {
  const row = (suffix: string, unit: string, of: (costs: Costs) => number): Row => ({
    id: `${id}${suffix}`,
    unit,
    ...summarize(costs.map(of)),
  });
  const rows = [row('', 'ms', ({ load, loadEmpty }) => load - loadEmpty)];
  if (costs[0]!.attach !== undefined) {
    rows.push(row('-addon', 'ms', ({ addon }) => addon!));
    rows.push(row('-attach', 'ms', ({ attach }) => attach!));
    rows.push(row('-rss', 'KiB', ({ rss }) => rss));
  }
  return rows;
}

export const imports: Group = {
  name: 'import',
  ids: KINDS.flatMap((kind) => [
    ...ROOT_ROWS.map((suffix) => `import.schedhint-${kind}${suffix}`),
    `import.register-${kind}`,
  ]),
  async measure(bed, { short }) {
    const env = { ...process.env, NODE_OPTIONS: '', SCHEDHINT_MAP: bed.pin('schedhint') };
    const runs = KINDS.flatMap((kind) => [
      { id: `import.schedhint-${kind}`, args: [kind, ''], costs: [] as Costs[] },
      { id: `import.register-${kind}`, args: [kind, '/register'], costs: [] as Costs[] },
    ]);
    await inInstalledApp([PROGRAM], (home) => {
      for (let round = 0; round < (short ? 2 : 40); round++) {
        for (const { id, args, costs } of shuffle([...runs])) {
          const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
            cwd: home,
            env,
            encoding: 'utf8',
          });
          if (status !== 0) throw new Error(`${id} exited with ${status}: ${stderr}`);
          costs.push(JSON.parse(stdout));
        }
      }
    });
    return runs.flatMap(({ id, costs }) => rowsOf(id, costs));
  },
};
