// Workers die in the middle of a collection.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { Context } from '../../rig/node-process.js';
import type { Row } from '../row.js';

const file = fileURLToPath(new URL('../programs/collecting-worker.cjs', import.meta.url));

/** Isolates that the process block counts as inside a pause. */
const pausesLeft = ({ keep }: Context): number => keep.thread.blocks.process.gc_threads;

/** Terminates workers at the sight of a pause in their blocks. @returns how many there were */
function terminateInPauses(
  { Worker, schedhint }: Context,
  { file, map, times }: { file: string; map: string; times: number },
): Promise<number> {
  const AT_ONCE = 4;
  const running = new Map<Worker, { readonly gc: number }>();
  let started = 0;
  let ended = 0;
  return new Promise((resolve, reject) => {
    const start = () => {
      started++;
      const worker = new Worker(file, {
        workerData: {},
        env: { SCHEDHINT_MAP: map },
      });
      running.set(worker, schedhint.threadOf(worker, { map }).blocks.thread);
      worker.on('error', reject);
      worker.on('exit', () => {
        running.delete(worker); // if it has ended on its own, which would be wrong
        if (++ended === times) resolve(ended);
        else if (started < times) start();
      });
    };
    const look = () => {
      for (const [worker, block] of running) {
        if (block.gc === 0) continue;
        running.delete(worker);
        worker.terminate();
      }
      if (ended < times) setTimeout(look, 1);
    };
    for (let i = 0; i < AT_ONCE; i++) start();
    look();
  });
}

const terminated: Row = {
  fault: 'worker terminated in the middle of a collection',
  times: 2000,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const app = await stage.app();
    await app.isBoundTo(scheduler);
    const ended = await app.run(terminateInPauses, { file, map: stage.map, times });
    assert.equal(ended, times);
    assert.equal(await app.run(pausesLeft), 0);
    await app.isHeard();
    return 'gc_threads is 0 afterwards, every block came back';
  },
};

/** @returns the code of the error that it died of */
function exhaust(
  { Worker }: Context,
  { file, map }: { file: string; map: string },
): Promise<string | undefined> {
  const worker = new Worker(file, {
    workerData: { exhaust: true },
    env: { SCHEDHINT_MAP: map },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  return new Promise((resolve) => {
    let code: string | undefined;
    worker.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    worker.on('exit', () => resolve(code));
  });
}

const exhausted: Row = {
  fault: 'worker dying of heap exhaustion',
  times: 20,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const app = await stage.app();
    await app.isBoundTo(scheduler);
    for (let i = 0; i < times; i++) {
      const code = await app.run(exhaust, { file, map: stage.map });
      assert.equal(code, 'ERR_WORKER_OUT_OF_MEMORY');
      assert.equal(await app.run(pausesLeft), 0);
    }
    await app.isHeard();
    return 'ERR_WORKER_OUT_OF_MEMORY as ever, gc_threads is 0 afterwards';
  },
};

export const rows: readonly Row[] = [terminated, exhausted];
