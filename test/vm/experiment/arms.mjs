// The arms of the experiment: which scheduler, what the operator sets besides, and whether the app's hints are on.

import { fileURLToPath } from 'node:url';
import { publishedLayers } from '../../peers/published-layers.mjs';
import { scxProgram } from '../../peers/scx-program.mjs';

const VERSION = '1.1.4';
const PIN = '/sys/fs/bpf/schedhint';
const OURS = fileURLToPath(new URL('../../../scheduler/build/scx_schedhint', import.meta.url));
const WITHOUT_HELPERS = 'gc,deadline,urgency,slice,batch,pool';

/**
 * @typedef {object} Arm
 * @property {string} title without the levers
 * @property {boolean} hints the app's: otherwise SCHEDHINT=off
 * @property {boolean} [levers] what an operator of a stock kernel sets (../scenarios.mjs)
 * @property {{ automatic: boolean }} [service] inputs of the services: urgency from their event loops
 * @property {(ours?: string) => string} [program] builds it if need be; none: the kernel's default scheduler. `ours`: another build of
 *   scx_schedhint than this checkout's
 * @property {string[]} [args]
 * @property {() => Record<string, string>} [texts] files for the guest's /run/out, by name
 */

const ours = (title, hints) => ({
  title,
  hints: true,
  program: (ours) => ours ?? OURS,
  args: ['--json', '--stats', '5', '--hints', hints],
});

/** @type {Record<string, Arm>} */
export const ARMS = {
  default: { title: "kernel's default", hints: false },
  levers: { title: "kernel's default", hints: false, levers: true },
  lavd: {
    title: `scx_lavd ${VERSION}`,
    hints: false,
    program: () => scxProgram('scx_lavd', VERSION),
    args: [],
  },
  'lavd-hints': {
    title: `scx_lavd ${VERSION} with hints (our patch)`,
    hints: true,
    program: () => scxProgram('scx_lavd', VERSION, { hints: true }),
    args: ['--hints', PIN],
  },
  'layered-hints': {
    title: `scx_layered ${VERSION} with hints (our patch)`,
    hints: true,
    program: () => scxProgram('scx_layered', VERSION, { hints: true }),
    args: ['--hints', PIN, '--hint-gc', '900', '--hint-none', '1', 'f:/run/out/layers.json'],
    texts: () => ({ 'layers.json': publishedLayers() }),
  },
  off: ours('scx_schedhint, hints off', 'none'),
  'off-levers': { ...ours('scx_schedhint, hints off', 'none'), levers: true },
  on: ours('scx_schedhint, hints on', 'all'),
  automatic: {
    ...ours('scx_schedhint, urgency from the event loop', 'all'),
    service: { automatic: true },
  },
  'no-helpers': ours('scx_schedhint, hints on, without helpers', WITHOUT_HELPERS),
};
