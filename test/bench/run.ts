// npm run bench: what hints cost, next to everything that could be used instead. In each Node.js a group
// is measured in its own process (measure.ts), in which its rows take turns.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type NodeBinary, nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { writeDocument } from './document.js';
import { groups } from './groups.js';
import { type Options, readOptions } from './options.js';
import type { Report } from './report.js';
import { tableOf } from './table.js';

const MEASURE = fileURLToPath(new URL('measure.ts', import.meta.url));

function measure(node: NodeBinary, options: Options): Report {
  const effort = options.short ? 'short' : 'full';
  // A process for each group: what one has attached or compiled is not the next one's.
  const parts = options.groups.map((group): Report => {
    const { status, stdout } = spawnSync(
      node.path,
      ['--import', 'ts-blank-space/register', '--expose-gc', MEASURE, effort, group],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    );
    if (status !== 0) throw new Error(`measuring ${group} in Node.js ${node.version} failed`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!);
  });
  return { ...parts[0]!, rows: Object.assign({}, ...parts.map(({ rows }) => rows)) };
}

/** Every row of the groups is there with a number; where it can't be, that is a failure in CI. */
function check(report: Report, { groups: names }: Options): boolean {
  const ids = groups.filter(({ name }) => names.includes(name)).flatMap((group) => group.ids);
  const wrong = ids.filter((id) => {
    const row = report.rows[id];
    if (row === undefined || 'why' in row) return row === undefined || Boolean(process.env.CI);
    return !Number.isFinite('ns' in row ? row.ns : row.value);
  });
  for (const id of wrong) console.log(`${report.node}: ${id} has no number`);
  return wrong.length === 0;
}

const options = readOptions();
const binaries = nodeBinaries();
const [own] = binaries;
const reports = (options.allNodes ? binaries : [own!]).map((node) => {
  const report = measure(node, options);
  console.log(`${tableOf(report)}\n`);
  return report;
});
if (options.write) writeDocument(reports);
if (options.short) {
  const failed = reports.filter((report) => !check(report, options)).length;
  console.log(`${reports.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
if (options.json) for (const report of reports) console.log(JSON.stringify(report));
