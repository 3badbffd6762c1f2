// What a process holds in each state, as the kernel reports it: docs/where-it-runs.md has the table.

import { beforeAll, expect, test } from 'vitest';
import { describeOnKernel } from '../rig/kernel-support.js';
import type { Held } from './held.js';
import { measureStates, STATES, type State } from './states.js';

const CHUNK_KIB = 64;
/** Not a limit on speed: of a broker that has to be built first. */
const PATIENCE_MS = 900_000;
const NOTHING: Held = { descriptors: [], threads: [], blocksKiB: 0 };
const watched: Held = { descriptors: [], threads: ['schedhint-watch'], blocksKiB: CHUNK_KIB };

const EXPECTED: Record<State, Held> = {
  disabled: NOTHING,
  'waiting, no bpffs': { ...NOTHING, blocksKiB: CHUNK_KIB },
  'waiting, no map': watched,
  bound: { ...watched, descriptors: ['bpf-map', 'pidfd'] },
  'bound, and a worker': { ...watched, descriptors: ['bpf-map', 'pidfd', 'pidfd'] },
  'unbound again': watched,
  'bound by the broker': {
    ...watched,
    descriptors: ['eventfd', 'eventpoll', 'socket'],
  },
  // Pages are never unmapped.
  'after detach': { ...NOTHING, blocksKiB: CHUNK_KIB },
};

describeOnKernel('what one process holds', () => {
  let states: Record<State, Held>;
  beforeAll(async () => {
    states = await measureStates();
  }, PATIENCE_MS);

  test.each(STATES)('%s', (state) => {
    expect(states[state]).toEqual(EXPECTED[state]);
  });
});
