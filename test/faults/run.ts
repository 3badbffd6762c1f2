// The fault table: npm run test:faults [-- WORDS]. Each row starts real processes on the real kernel,
// does its fault and says what came of it. WORDS: only the rows whose line has one of them.

import { whyNot } from '../rig/unsupported-reason.js';
import { clearStage, play } from './play.js';
import type { Row } from './row.js';
import { rows as broker } from './rows/broker.js';
import { rows as churn } from './rows/churn.js';
import { rows as confinement } from './rows/confinement.js';
import { rows as endings } from './rows/endings.js';
import { rows as limits } from './rows/limits.js';
import { rows as mounts } from './rows/mounts.js';
import { rows as pins } from './rows/pins.js';
import { rows as processes } from './rows/processes.js';
import { rows as refusals } from './rows/refusals.js';
import { rows as scheduler } from './rows/scheduler.js';
import { rows as workers } from './rows/workers.js';
import { rows as wrongMaps } from './rows/wrong-maps.js';

// A family of faults is a file; one more is one more line here.
const table: readonly Row[] = [
  ...scheduler,
  ...wrongMaps,
  ...pins,
  ...mounts,
  ...workers,
  ...endings,
  ...processes,
  ...limits,
  ...refusals,
  ...confinement,
  ...broker,
  ...churn,
];

// If it is stopped, there is no mount, no pin and no process left behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await clearStage();
    process.exit(1);
  });
}

const reason = whyNot();
const words = process.argv.slice(2);
const chosen = table.filter(({ fault }) => !words.length || words.some((w) => fault.includes(w)));
let passed = 0;
let failed = 0;
if (reason !== null) {
  console.log(`the fault table cannot run: ${reason}`);
  if (process.env.CI) failed = chosen.length;
} else {
  const width = Math.max(...chosen.map(({ fault }) => fault.length));
  for (const row of chosen) {
    const start = performance.now();
    const line = `${row.fault.padEnd(width)} ${`x${row.times}`.padStart(6)}`;
    try {
      const outcome = await play(row);
      passed++;
      const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
      console.log(`ok     ${line} ${seconds} s  ${outcome}`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${line}  ${(error as Error).stack}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
