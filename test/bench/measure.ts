// Measures the rows of the chosen groups in this very Node.js, and prints a Report as its last line.
// run.ts starts it, once for each version.

import { cpus, release } from 'node:os';
import { Bed } from './bed.js';
import { FULL, SHORT } from './effort.js';
import { groups } from './groups.js';
import { jsonOf, type Report } from './report.js';
import type { Row } from './row.js';

const [effort, ...names] = process.argv.slice(2);
const bed = Bed.make();
// If it is stopped, there is no mount and no program left behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    bed.clear();
    process.exit(1);
  });
}
try {
  const rows: Row[] = [];
  for (const group of groups.filter(({ name }) => names.includes(name))) {
    const start = performance.now();
    const measured = await group
      .measure(bed, effort === 'short' ? SHORT : FULL)
      .catch(({ message }: Error) => group.ids.map((id): Row => ({ id, why: message })));
    const byId = new Map(measured.map((row) => [row.id, row]));
    // As the table has them, and each: a row that a group forgets is a mistake in the group.
    rows.push(
      ...group.ids.map((id) => byId.get(id) ?? { id, why: 'its group has not measured it' }),
    );
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.error(`${process.version}: ${group.name}, ${group.ids.length} rows, ${seconds} s`);
  }
  const report: Report = {
    node: process.version,
    cpu: cpus()[0]?.model ?? process.arch,
    kernel: `Linux ${release()}`,
    rows: jsonOf(rows),
  };
  console.log(JSON.stringify(report));
} finally {
  bed.clear();
}
