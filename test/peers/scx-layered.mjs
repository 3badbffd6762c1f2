// The real scx_layered, with the layers that docs/channels.md publishes, in the VM. Its own --stats
// judge: a busy thread is in the "latency" layer while it has a hint, or collects, and only then.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../scripts/private-apt.mjs';
import { kernelImage, prepareImages } from '../vm/image.mjs';
import { runInVm } from '../vm/machine.mjs';
import { publishedLayers } from './published-layers.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const LAYERS = ['latency', 'hinted-normal', 'normal'];
/** A bound for a VM that hangs, not a limit on speed. */
const SECONDS = 900;
/** In percent of a CPU: nearly none, most of it. Other threads are in "normal", never in the others. */
const NONE = 5;
const MOST = 50;

/** By phase: the layer that the thread must be in. */
const EXPECTED = {
  before: 'normal',
  'urgency 900': 'latency',
  'urgency 0': 'hinted-normal',
  collecting: 'latency',
  collected: 'hinted-normal',
};

async function measure() {
  const program = scxProgram('scx_layered', VERSION);
  prepareImages(['newest']);
  const image = kernelImage('newest');
  if ('missing' in image) throw new ExplainedError(image.missing);
  const out = mkdtempSync(join(tmpdir(), 'schedhint-peers-'));
  try {
    writeFileSync(join(out, 'layers.json'), publishedLayers());
    const guest = fileURLToPath(new URL('guest/scx-layered.mjs', import.meta.url));
    const code = await runInVm({
      vmlinux: image.vmlinux,
      command: [process.execPath, relative(process.cwd(), guest), program, '/run/out/layers.json'],
      out,
      seconds: SECONDS,
      onOutput: (chunk) => process.stderr.write(chunk),
    });
    if (code !== 0) throw new ExplainedError(`the guest ended with ${code}`);
    return JSON.parse(readFileSync(join(out, 'phases.json'), 'utf8'));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** What is not as expected, in words. */
function faultsIn(phases) {
  return Object.entries(EXPECTED).flatMap(([phase, expected]) => {
    const found = phases[phase];
    return [...new Set(['latency', 'hinted-normal', expected])]
      .filter((layer) => (layer === expected ? found[layer] < MOST : found[layer] > NONE))
      .map((layer) => `${phase}: ${found[layer]} % in "${layer}", expected ${expected}`);
  });
}

try {
  const { kernel, phases } = await measure();
  const faults = faultsIn(phases);
  for (const fault of faults) console.error(fault);
  const found = Object.keys(EXPECTED)
    .map((phase) => `${phase}: ${LAYERS.map((layer) => phases[phase][layer]).join('/')}`)
    .join('; ');
  // The runner's line (scripts/matrix.mjs).
  console.log(
    JSON.stringify({
      versions: `scx_layered ${VERSION}, Linux ${kernel}`,
      found: `% of a CPU in ${LAYERS.join('/')}: ${found}`,
    }),
  );
  process.exitCode = faults.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  console.error(`peers: ${error.message}`);
  process.exitCode = 1;
}
