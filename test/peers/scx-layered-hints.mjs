// scx_layered with integrations/scx/layered applied, in the VM: an app with the preload and no other channel is in the layer of
// its hint, by scx_layered's own --stats; without --hints nothing is different from what is released.
// Arguments: the kernels, by default the newest.

import { runPeerGuest, runRow } from './peer-guest.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const open = (name, hint, kind = {}) => ({
  name,
  matches: [hint === undefined ? [] : [{ HintEquals: hint }]],
  kind: { Open: kind },
});
const LAYERS = [
  open('latency', 900, { preempt: true }),
  open('batch', 200),
  open('hinted-normal', 1),
  open('normal'),
];
/** In percent of a CPU: little, as the moments between two pauses; most of it. */
const LITTLE = 15;
const MOST = 75;
/** In the layer of collections when none is asked for: V8 starts a full one some seconds after the app's start, and helpers move too. */
const V8_OWN = 30;
/** How far the instructions of all operations may differ without --hints, of those that are released. */
const SLACK = 0.01;

/** By phase: the layer that the app's busy thread must be in. */
const EXPECTED = {
  'off, urgency 900': 'normal',
  'no opinion': 'hinted-normal',
  'urgency 900': 'latency',
  'urgency 0': 'hinted-normal',
  batch: 'batch',
  'not batch': 'hinted-normal',
  collecting: 'latency',
  collected: 'hinted-normal',
};
const NAMES = LAYERS.map(({ name }) => name);

const total = (instructions) => Object.values(instructions).reduce((sum, count) => sum + count, 0);

/** @returns {{ text: string, faults: string[] }} of what a guest has found */
function judge({ kernel, phases, instructions, hinted }) {
  const faults = Object.entries(EXPECTED).flatMap(([phase, expected]) =>
    NAMES.filter((name) => name !== 'normal' || name === expected)
      .filter((name) =>
        name === expected
          ? phases[phase][name] < MOST
          : phases[phase][name] > (name === 'latency' ? V8_OWN : LITTLE),
      )
      .map((name) => `${phase}: ${phases[phase][name]} % in "${name}", expected ${expected}`),
  );
  if (hinted.off !== 0)
    faults.push(`without --hints ${hinted.off} decisions were changed by hints`);
  if (hinted.on === 0) faults.push('no decision was changed by a hint');
  const [released, off, on] = [instructions.released, instructions.off, instructions.on].map(total);
  if (Math.abs(off / released - 1) > SLACK)
    faults.push(`${off} instructions without --hints, ${released} as released`);
  const shares = Object.keys(EXPECTED).map(
    (phase) => `${phase}: ${NAMES.map((name) => phases[phase][name]).join('/')}`,
  );
  return {
    text: `Linux ${kernel}: ${shares.join('; ')}; moved by hints: ${hinted.off} without --hints, ${hinted.on} with; instructions of its operations: ${released} released, ${off} without --hints, ${on} with`,
    faults: faults.map((fault) => `${kernel}: ${fault}`),
  };
}

const [, , ...given] = process.argv;
const kernels = given.length > 0 ? given : ['newest'];

await runRow(async () => {
  const programs = [
    scxProgram('scx_layered', VERSION),
    scxProgram('scx_layered', VERSION, { hints: true }),
  ];
  const texts = { 'layers.json': JSON.stringify(LAYERS) };
  const results = [];
  for (const kernel of kernels) {
    const args = [...programs, '/run/out/layers.json'];
    results.push(
      judge(await runPeerGuest('layered-hints.mjs', args, 'found.json', { kernel, texts })),
    );
  }
  return {
    versions: `scx_layered ${VERSION} with integrations/scx/layered`,
    found: `% of a CPU in ${NAMES.join('/')}: ${results.map(({ text }) => text).join('; ')}`,
    faults: results.flatMap(({ faults }) => faults),
  };
});
