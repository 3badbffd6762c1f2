// npm run experiment

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelImage, prepareImages } from '../image.mjs';
import { runInVm } from '../machine.mjs';
import { figure } from './figure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { lentPerCollection, summarize, table } from './summary.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const DOC = here('../../../docs/experiment.md');
const FIGURE = here('../../../docs/images/experiment.svg');
const MARK = /(<!-- table -->\n).*(<!-- \/table -->)/s;

async function measure(options, out) {
  prepareImages([options.kernel]);
  const image = kernelImage(options.kernel);
  if ('missing' in image) throw new Error(image.missing);
  const code = await runInVm({
    vmlinux: image.vmlinux,
    command: [process.execPath, here('guest.mjs'), JSON.stringify(options)],
    out,
    seconds: 3600,
    onOutput: (chunk) => process.stderr.write(chunk),
  });
  if (code !== 0) throw new Error(`the experiment failed in the VM (${code})`);
  const measured = JSON.parse(readFileSync(join(out, 'measured.json'), 'utf8'));
  return { ...measured, kernel: image.package };
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
  const out = mkdtempSync(join(tmpdir(), 'schedhint-experiment-'));
  try {
    const { runs, perRequest, rate, kernel } = await measure(options, out);
    const summary = summarize(runs);
    const text = `${table(summary)}
${kernel}, ${options.pairs} runs of each arm. A request took ${perRequest.toFixed(1)} ms of the app's CPU time, so there were
${rate.toFixed(1)} a second. With hints on a full collection borrowed ${lentPerCollection(runs).toFixed(0)} ms of CPU time.
`;
    process.stdout.write(text);
    if (options.write) {
      writeFileSync(FIGURE, figure(summary));
      writeFileSync(DOC, readFileSync(DOC, 'utf8').replace(MARK, `$1${text}$2`));
    }
    return 0;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`experiment: ${error.message}`);
  process.exitCode = 1;
}
