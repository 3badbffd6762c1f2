// The real scx_layered, with the layers that docs/channels.md publishes, in the VM. Its own --stats
// judge: a busy thread is in the "latency" layer while it has a hint, or collects, and only then.
// Arguments: the kernels, by default the newest.

import { runPeerGuest, runRow } from './peer-guest.mjs';
import { publishedLayers } from './published-layers.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const LAYERS = ['latency', 'hinted-normal', 'normal'];
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

/** What is not as expected, in words. */
function faultsIn(phases) {
  return Object.entries(EXPECTED).flatMap(([phase, expected]) => {
    const found = phases[phase];
    return [...new Set(['latency', 'hinted-normal', expected])]
      .filter((layer) => (layer === expected ? found[layer] < MOST : found[layer] > NONE))
      .map((layer) => `${phase}: ${found[layer]} % in "${layer}", expected ${expected}`);
  });
}

const [, , ...given] = process.argv;
const kernels = given.length > 0 ? given : ['newest'];

await runRow(async () => {
  const program = scxProgram('scx_layered', VERSION);
  const results = [];
  for (const kernel of kernels) {
    results.push(
      await runPeerGuest('scx-layered.mjs', [program, '/run/out/layers.json'], 'phases.json', {
        kernel,
        texts: { 'layers.json': publishedLayers() },
      }),
    );
  }
  const found = results.map(({ phases }) =>
    Object.keys(EXPECTED)
      .map((phase) => `${phase}: ${LAYERS.map((layer) => phases[phase][layer]).join('/')}`)
      .join('; '),
  );
  return {
    versions: `scx_layered ${VERSION}, Linux ${results.map(({ kernel }) => kernel).join(' and ')}`,
    found: `% of a CPU in ${LAYERS.join('/')}: ${found.join(' and ')}`,
    faults: results.flatMap(({ kernel, phases }) =>
      faultsIn(phases).map((fault) => `${kernel}: ${fault}`),
    ),
  };
});
