// npm run experiment

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelImage, prepareImages, tool } from '../image.mjs';
import { runInVm } from '../machine.mjs';
import { figure } from './figure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { hasPair, readPairs, writePair } from './results.mjs';
import {
  lentPerCollection,
  mean,
  runOf,
  summarize,
  table,
  tableOfControl,
  tableOfPairs,
} from './summary.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const DOC = here('../../../docs/experiment.md');
const FIGURE = here('../../../docs/images/experiment.svg');
const MARK = /(<!-- table -->\n).*(<!-- \/table -->)/s;
/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 3600;

function versions(kernel) {
  const first = (program, ...args) =>
    execFileSync(program, args, { cwd: here('.'), encoding: 'utf8' }).split('\n')[0];
  const [qemu, ...args] = tool('usr/bin/qemu-system-x86_64');
  return {
    kernel,
    qemu: first(qemu, ...args, '--version'),
    node: process.version,
    commit: first('git', 'describe', '--always', '--dirty'),
    date: new Date().toISOString().slice(0, 10),
  };
}

async function measurePair(number, { inputs, kernel }) {
  prepareImages([kernel]);
  const image = kernelImage(kernel);
  if ('missing' in image) throw new Error(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-experiment-'));
  try {
    const made = versions(image.package);
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, here('guest.mjs'), JSON.stringify({ number, ...inputs })],
      out,
      cpus: inputs.cpus,
      icount: true,
      seconds: SECONDS,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new Error(`pair ${number} failed in the VM (${code})`);
    const measured = JSON.parse(readFileSync(join(out, 'measured.json'), 'utf8'));
    return { inputs, ...made, ...measured };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const unique = (values) => [...new Set(values)].join(', ');
function range(pairs, name, digits) {
  const values = pairs.map((pair) => pair[name]);
  const [low, high] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  return low === high ? low : `${low} to ${high}`;
}

function report(pairs, summary) {
  const of = (name) => unique(pairs.map((pair) => pair[name]));
  const lines = [
    `${pairs.length === 1 ? 'One pair' : `${pairs.length} pairs`}. ${of('date')}; ${of('kernel')}; ${of('qemu')}; Node.js ${of('node')}.`,
    `A request took ${range(pairs, 'perRequest', 2)} ms of the app's CPU time and ${range(pairs, 'clientCost', 2)} ms of the client's; ${range(pairs, 'rate', 0)} came a second.`,
    `With hints off the app's thread had ${mean(pairs.map((pair) => runOf(pair, 'off').threadShare)).toFixed(2)} CPUs; the fair share of a thread was ${range(pairs, 'fairShare', 2)}.`,
    `With hints on, a full collection that was timed alone borrowed ${lentPerCollection(pairs).toFixed(0)} ms of CPU time.`,
  ];
  return [
    table(summary),
    ...(pairs.length > 1 ? [tableOfPairs(summary)] : []),
    tableOfControl(pairs),
    `${lines.join('\n')}\n`,
  ].join('\n');
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { results, inputs } = options;
  readPairs(results, inputs); // before hours are spent: these must be of the same inputs
  for (let number = 1; number <= options.pairs && !options.write; number++) {
    if (hasPair(results, number)) continue;
    process.stderr.write(`pair ${number} of ${options.pairs}\n`);
    writePair(results, number, await measurePair(number, options));
  }
  const pairs = readPairs(results, inputs);
  if (pairs.length === 0) throw new Error(`there are no results in ${results}`);
  const summary = summarize(pairs);
  const text = report(pairs, summary);
  process.stdout.write(text);
  if (options.write) {
    writeFileSync(FIGURE, figure(summary));
    writeFileSync(DOC, readFileSync(DOC, 'utf8').replace(MARK, `$1${text}$2`));
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`experiment: ${error.message}`);
  process.exitCode = 1;
}
