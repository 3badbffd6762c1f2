// Measures attaching a thread: the three system calls in C, a first and a repeated attach in JavaScript, and one in a new worker.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { attachThread } from 'schedhint';
import type { Bed } from '../bed.js';
import type { Effort } from '../effort.js';
import { type Single, takeTurns } from '../interleave.js';
import { native } from '../native.js';
import type { Group, Row } from '../row.js';
import { summarize } from '../statistics.js';

/** A worker's program: times the worker's first attach and posts it with the state of its status. */
const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { attachThread } = require('schedhint');
  const now = () => Number(process.hrtime.bigint());
  const start = now();
  const thread = attachThread({ map: workerData });
  const took = now() - start;
  parentPort.postMessage({ took, state: thread.status.state });
`;

function attachOnce(map: string): number {
  const start = process.hrtime.bigint();
  const thread = attachThread({ map, scoped: true });
  const ns = Number(process.hrtime.bigint() - start);
  thread.stop();
  return ns;
}

function ways(map: string): Single[] {
  return [
    {
      id: 'attach.c',
      once() {
        const ns = native.bindSelf(1);
        if (ns < 0) throw new Error(`the kernel refused it: errno ${-ns}`);
        return ns;
      },
    },
    { id: 'attach.first', against: 'attach.c', once: () => attachOnce(map) },
    {
      id: 'attach.again',
      against: 'attach.c',
      once() {
        const held = attachThread({ map, scoped: true });
        const ns = attachOnce(map);
        held.stop();
        return ns;
      },
    },
  ];
}

async function inWorkers(map: string, { short }: Effort): Promise<Row> {
  const samples: number[] = [];
  for (let i = 0; i < (short ? 2 : 30); i++) {
    const worker = new Worker(WORKER, { eval: true, workerData: map });
    // Its last message may arrive in the same turn as its end.
    const ended = once(worker, 'exit');
    const [{ took, state }] = await once(worker, 'message');
    await ended;
    if (state !== 'bound') return { id: 'attach.worker', why: `a worker was not bound: ${state}` };
    samples.push(took);
  }
  return { id: 'attach.worker', unit: 'ns', against: 'attach.c', ...summarize(samples) };
}

export const attach: Group = {
  name: 'attach',
  ids: ['attach.c', 'attach.first', 'attach.again', 'attach.worker'],
  async measure(bed: Bed, effort) {
    if (bed.why !== null) return attach.ids.map((id) => ({ id, why: bed.why! }));
    const map = bed.pin('schedhint');
    // Another thread keeps the map open, as any that is attached does.
    const error = native.keepBound(map, 1);
    if (error !== 0) return attach.ids.map((id) => ({ id, why: `errno ${-error}` }));
    const rows = takeTurns(ways(map), effort.short ? 2 : 10_000);
    rows.push(await inWorkers(map, effort));
    native.letGo();
    return rows;
  },
};
