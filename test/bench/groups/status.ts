// Measures reading `thread.status` in a worker, without a map and without the addon.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Group, Row } from '../row.js';
import { summarize } from '../statistics.js';

/** The program of a worker that times reads of the status. A new worker each time: a thread loads the addon only once. */
const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const thread = require('schedhint').attachThread({ map: workerData.map });
  const samples = [];
  for (let i = 0; i < workerData.samples; i++) {
    const start = process.hrtime.bigint();
    for (let n = 0; n < workerData.reads; n++) thread.status;
    samples.push(Number(process.hrtime.bigint() - start) / workerData.reads);
  }
  parentPort.postMessage({ samples, code: thread.status.code });
`;

async function measure(id: string, map: string, short: boolean, env: NodeJS.ProcessEnv) {
  const workerData = { map, samples: short ? 3 : 30, reads: short ? 1000 : 10_000 };
  const worker = new Worker(WORKER, {
    eval: true,
    workerData,
    env: { ...process.env, SCHEDHINT_QUIET: '1', ...env },
  });
  const ended = once(worker, 'exit');
  const [{ samples, code }] = await once(worker, 'message');
  await ended;
  return { row: { id, unit: 'ns', ...summarize(samples) } satisfies Row, code };
}

/** What reading `thread.status` costs: without a map, and without the addon. */
export const status: Group = {
  name: 'status',
  ids: ['status.no-map', 'status.no-addon'],
  async measure(_, { short }) {
    const map = '/nonexistent/schedhint';
    const noMap = await measure('status.no-map', map, short, {});
    const noAddon = await measure('status.no-addon', map, short, {
      SCHEDHINT_ADDON: '/nonexistent/schedhint.node',
    });
    if (noAddon.code !== 'ERR_SCHEDHINT_ADDON_LOAD')
      throw new Error(`there is an addon: ${noAddon.code}`);
    return [noMap.row, noAddon.row];
  },
};
