// Random clients of servers whose requests are tracked, on every Node.js that is tested: whatever a
// client does, nothing is in flight when it is gone, and the thread has no urgency and no deadline.
//
//   RUNS=1000 SEED=1 npm run test:requests      more of them, or the same again

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { runProgram } from './program.js';

const RUNS = process.env.RUNS ?? '25';
const SEED = process.env.SEED ?? String(Date.now() % 2 ** 31);

/** What must have happened at least once in each run. */
const HTTP1_FAULTS = [
  'reset',
  'destroyed',
  'halfClosed',
  'serverClosed',
  'cut',
  'slow',
  'answered',
  'continued',
  'refusedExpectation',
  'upgraded',
  'queuedAtHangUp',
];
const HTTP2_FAULTS = [
  'cancelled',
  'cut',
  'clientDestroyed',
  'clientGoaway',
  'reset',
  'serverDestroyed',
  'serverGoaway',
  'serverClosed',
  'slow',
  'expected',
  'answered',
];

/** Of servers of node:http2; Node.js 20 has no channel that announces theirs. */
const KINDS_OF_CHANNELS = [
  'node:http2 compat of the thread',
  'node:http2 streams of the thread',
  'node:http2 compat by the preload',
  'node:http2 streams by the preload',
];

/** What an app's own code does not track. */
const PRELOAD = {
  preload: true,
  env: {
    SCHEDHINT_MAP: '/nonexistent/schedhint',
    SCHEDHINT_CONFIG: fileURLToPath(new URL('programs/zero-code.json', import.meta.url)),
  },
};

describe.each(nodeBinaries())('random clients, Node.js $version', ({ path, version }) => {
  test.each([
    'node:http',
    'fastify',
    'node:http2 compat',
    'node:http2 streams',
    'fastify http2',
    'node:http of the thread',
    'fastify and the thread',
    'node:http by the preload',
    'fastify and the preload',
    ...(version.startsWith('v20.') ? [] : KINDS_OF_CHANNELS),
  ])('%s', async (kind) => {
    const faults = kind.includes('http2') ? HTTP2_FAULTS : HTTP1_FAULTS;
    const args = [kind, RUNS, SEED];
    const options = kind.endsWith('the preload') ? PRELOAD : {};
    const { code, output } = await runProgram(path, 'random-clients.mjs', args, options);
    expect(code, `seed ${SEED}: ${output}`).toBe(0);
    console.log(output.trim());
    const counts = JSON.parse(output);
    // The clients' requests were tracked: the thread had the urgency of one.
    expect(counts.highest).toBeGreaterThanOrEqual(900);
    expect(faults.filter((fault) => !(counts[fault] > 0))).toEqual([]);
  });
});
