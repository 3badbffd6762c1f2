// npm run soak [-- --short] [-- --leaky]: a process churns for 5 minutes through everything that can be
// started and ended, another does the same without schedhint, and what both hold is looked at after
// each round. --short: half a minute. --leaky: the app keeps its handles, to see the soak fail.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LineProcess } from '../rig/json-lines-process.js';
import { startRestarts } from './scheduler.js';
import { judged, type Sample, verdicts } from './verdict.js';

const { values: options } = parseArgs({
  options: { short: { type: 'boolean' }, leaky: { type: 'boolean' } },
});
const SECONDS = options.short ? 30 : 300;
/** Fewer say nothing, however slow the machine is. */
const LEAST_ROUNDS = 15;
const SHOWN = 20;

const program = fileURLToPath(new URL('programs/churn.mjs', import.meta.url));
const start = (...args: string[]) =>
  new LineProcess(process.execPath, ['--expose-gc', program, ...args], {
    env: { NODE_OPTIONS: '' },
  });

async function ask(app: LineProcess, command: string): Promise<unknown> {
  app.send(command);
  return app.next();
}

function row(cells: readonly unknown[]): string {
  return cells.map((cell) => String(cell).padStart(12)).join('');
}

function cellsOf(round: number, own: Sample, control: Sample): unknown[] {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
  return [
    round + 1,
    ...Object.keys(own.memory).flatMap((name) => [
      mib(own.memory[name]!),
      mib(control.memory[name]!),
    ]),
    ...Object.values(own.counts),
  ];
}

const restarts = await startRestarts();
const app = start('schedhint', restarts.map, options.leaky ? 'leaky' : '');
const control = start('control', restarts.map);
const own: Sample[] = [];
const others: Sample[] = [];
let failed = 0;
let passed = 0;
try {
  const end = performance.now() + SECONDS * 1000;
  while (own.length < LEAST_ROUNDS || performance.now() < end) {
    const done = [ask(app, 'round'), ask(control, 'round'), restarts.restart()];
    await Promise.allSettled(done);
    await Promise.all(done);
    const sample = `sample ${restarts.state}`;
    const [a, b] = await Promise.all([ask(app, sample), ask(control, sample)]);
    own.push(a as Sample);
    others.push(b as Sample);
  }
  console.log(`${own.length} rounds; ${restarts.what}`);
  const [{ memory, counts }] = own as [Sample, ...Sample[]];
  const heads = Object.keys(memory).flatMap((name) => [`${name} MiB`, 'control']);
  console.log(row(['round', ...heads, ...Object.keys(counts)]));
  const every = Math.ceil(own.length / SHOWN);
  own.forEach((sample, i) => {
    if (i % every === 0 || i === own.length - 1) console.log(row(cellsOf(i, sample, others[i]!)));
  });
  console.log(`\nOf the last ${judged(own).length} rounds:`);
  for (const { name, isFlat, why } of verdicts(own, others)) {
    console.log(`${isFlat ? 'flat ' : 'GROWS'}  ${name.padEnd(12)} ${why}`);
    if (isFlat) passed++;
    else failed++;
  }
  for (const process of [app, control]) {
    const { code, stderr } = await process.end();
    if (code === 0 && stderr === '') continue;
    failed++;
    console.log(`ended with ${code}: ${stderr}`);
  }
} catch (error) {
  failed++;
  console.log(error);
} finally {
  await Promise.all([app.kill(), control.kill()]);
  await restarts.end();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
