// A liar under scx_layered with integrations/scx/layered: threads that pretend to be in a collector's pause for ever get into the
// layer of collections, and starve others for no longer than threads do that a rule puts there.

import { runPeerGuest, runRow } from './peer-guest.mjs';
import { scxProgram } from './scx-program.mjs';

const VERSION = '1.1.4';
const LAYERS = [
  {
    name: 'latency',
    matches: [[{ HintEquals: 900 }], [{ CommPrefix: 'member' }]],
    kind: { Open: { preempt: true } },
  },
  { name: 'hinted-normal', matches: [[{ HintEquals: 1 }]], kind: { Open: {} } },
  { name: 'normal', matches: [[]], kind: { Open: {} } },
];
/**
 * scx_layered's own bound on a wait, by its source: every 15 s (layered_timers) it looks for tasks that have waited for more than 3 whole seconds
 * (--antistall-sec), and runs those first.
 */
const BOUND_MS = (15 + 3 + 1) * 1000;
/** Until the task that is found gets its CPU: a slice, and what the tick adds. */
const SLACK_MS = 1000;

await runRow(async () => {
  const { kernel, seconds, hogs, members, liars } = await runPeerGuest(
    'layered-liar.mjs',
    [scxProgram('scx_layered', VERSION, { hints: true }), '/run/out/layers.json'],
    'liar.json',
    { icount: true, texts: { 'layers.json': JSON.stringify(LAYERS) } },
  );
  const faults = [];
  if (liars.longestMs > BOUND_MS + SLACK_MS)
    faults.push(`next to liars others waited ${liars.longestMs} ms, the bound is ${BOUND_MS}`);
  const show = ({ cpu, longestMs }) => `${cpu} s of CPU, longest wait ${longestMs} ms`;
  return {
    versions: `scx_layered ${VERSION} with integrations/scx/layered, Linux ${kernel}`,
    found: `two busy threads in "normal" for ${seconds} s, next to two others there: ${show(hogs)}; next to two that a rule puts into the preempting layer: ${show(members)}; next to two that lie to get there: ${show(liars)}; scx_layered's own bound is ${BOUND_MS} ms`,
    faults,
  };
});
