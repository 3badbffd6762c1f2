// Prints the commit message with which a scheduler's hints could be sent upstream, with the numbers that were measured last in place of
// @NUMBERS@. Usage: node test/peers/commit-message.mjs lavd

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MEASURES, withInterval } from './hint-effect.mjs';
import { readResults } from './results.mjs';

const MARK = '@NUMBERS@';

function effectLines({ pairs, versions, under, control }) {
  const row = (cells) => `  ${cells.map((cell) => cell.padEnd(20)).join('')}`.trimEnd();
  return [
    'An HTTP server in Node.js next to 4 processes that spin, on 2 CPUs in a',
    'VM that counts instructions (QEMU -icount). The same scheduler goes on,',
    `the server gives its hints or does not: ${pairs} pairs of runs. What it takes`,
    'without hints, as a multiple of what it takes with them; in parentheses',
    "the 95 % interval. The kernel's default in the same boots is the control.",
    '',
    row(['', 'hints off / on', "kernel's default"]),
    ...Object.entries(MEASURES).map(([name, { title }]) =>
      row([title, withInterval(under[name].ratio), withInterval(control[name].ratio)]),
    ),
    '',
    `(${versions})`,
  ];
}

function costLines({ ns }) {
  const more = (value) => {
    const percent = ((value / ns.released - 1) * 100).toFixed(2);
    return `${Math.round(value)} (${percent < 0 ? '' : '+'}${percent} %)`;
  };
  return [
    'Instructions for one operation of perf bench sched pipe, on 1 CPU:',
    '',
    `  as released      ${Math.round(ns.released)}`,
    `  without --hints  ${more(ns.off)}`,
    `  with --hints     ${more(ns.on)}`,
  ];
}

/**
 * @param {string} message
 * @param {{ offOn?: object, cost?: object }} [measured] of the scheduler
 * @returns {string}
 * @throws Error if there are no numbers for it
 */
export function withNumbers(message, { offOn, cost } = {}) {
  if (!offOn || !cost) {
    throw new Error('not measured yet: npm run matrix -- peers --only measure-NAME,cost-NAME');
  }
  return message.replace(MARK, [...effectLines(offOn), '', ...costLines(cost)].join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name] = process.argv.slice(2);
  const file = new URL(`../../integrations/scx/${name}/message.txt`, import.meta.url);
  process.stdout.write(withNumbers(readFileSync(file, 'utf8'), readResults()[name]));
}
