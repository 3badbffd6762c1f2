// The scheduler crashes, restarts, is late, or is replaced.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mapExists } from '../../rig/map-exists.js';
import type { Context } from '../../rig/node-process.js';
import { until } from '../../rig/until.js';
import { median } from '../median.js';
import type { Row } from '../row.js';

const NATIVE_THREADS = 47;
const WORKERS = 16;
const nativeThreads = fileURLToPath(
  new URL('../programs/build/native_threads.node', import.meta.url),
);

// A scheduler that dies more often than this is the churn row's.
const RESTART_EVERY_MS = 250;

const killedUnderWorkers: Row = {
  fault: `scheduler SIGKILLed and restarted under ${WORKERS} workers`,
  times: 100,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    const app = await stage.app({ workers: WORKERS });
    await app.isBoundTo(scheduler);
    const maps = new Set([scheduler.mapId]);
    for (let i = 0; i < times; i++) {
      const next = sleep(RESTART_EVERY_MS);
      await stage.kill(scheduler);
      // What schedulers do: take the map that is there, or put another in its place, or it had gone.
      if (i % 3 === 2) rmSync(stage.map);
      scheduler = await stage.scheduler({ reuse: i % 3 === 0 });
      maps.add(scheduler.mapId);
      await app.isBoundTo(scheduler);
      await next;
    }
    await app.untilAll('bound');
    return `${maps.size} maps, all ${WORKERS + 1} threads bound and heard after each restart`;
  },
};

/** Blocks the event loop until somebody writes to the FIFO. */
function blockUntilTold({ require }: Context, fifo: string): void {
  require('node:fs').readFileSync(fifo);
}

const rebindingTime: Row = {
  fault: 'scheduler restarted under 64 threads, main event loop blocked throughout',
  times: 100,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    const app = await stage.app({ workers: WORKERS });
    const native = await app.run(
      ({ require, keep }, { file, map, count }) => {
        keep.native = require(file);
        return keep.native.startThreads(map, count) as number[];
      },
      { file: nativeThreads, map: stage.map, count: NATIVE_THREADS },
    );
    assert.ok(!native.includes(0), 'a native thread could not attach');
    const tids = [...app.tids, ...native];
    assert.equal(tids.length, 64);
    await scheduler.bound(tids);
    const fifo = `/tmp/schedhint-faults-${process.pid}`;
    execFileSync('mkfifo', [fifo]);
    stage.onClose(() => rmSync(fifo));
    const blocked = app.run(blockUntilTold, fifo);
    blocked.catch(() => {}); // until it is awaited
    const took: number[] = [];
    for (let i = 0; i < times; i++) {
      const next = sleep(RESTART_EVERY_MS);
      await stage.kill(scheduler);
      scheduler = await stage.scheduler();
      took.push(Number((await scheduler.bound(tids)) - scheduler.pinnedNs) / 1e6);
      await next;
    }
    writeFileSync(fifo, '');
    await blocked;
    await app.isBoundTo(scheduler);
    await app.run(({ keep }) => keep.native.endThreads());
    return `bound again in ${median(took).toFixed(1)} ms at the median, ${Math.max(...took).toFixed(1)} ms at most`;
  },
};

const pinLeftBehind: Row = {
  fault: 'scheduler SIGKILLed, its pin left behind',
  times: 2,
  async run(stage, times) {
    const readBy = async () => {
      const status = await app.status();
      assert.ok(status.state === 'bound');
      return status.readBy;
    };
    let scheduler = await stage.scheduler();
    const app = await stage.app();
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(scheduler);
      assert.notEqual(await readBy(), null);
      await stage.kill(scheduler);
      assert.ok(mapExists(scheduler.mapId));
      await until('no one reads it', async () => (await readBy()) === null, readBy);
      scheduler = await stage.scheduler({ reuse: true });
    }
    await app.isBoundTo(scheduler);
    return 'bound, readBy null until the next one reads';
  },
};

const repinned: Row = {
  fault: 'map unpinned and re-pinned under another id',
  times: 20,
  async run(stage, times) {
    let before = await stage.scheduler();
    const app = await stage.app({ workers: 2 });
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(before);
      rmSync(stage.map);
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      const after = await stage.scheduler();
      await app.isBoundTo(after);
      // Two readers would fight over the block.
      assert.equal(await before.elements(app.tids), 0);
      await stage.stop(before);
      await until('the map is gone', () => !mapExists(before.mapId));
      before = after;
    }
    return 'moved to the new map, the old one free of us';
  },
};

const lateScheduler: Row = {
  fault: 'app started 1 s before the scheduler',
  times: 3,
  async run(stage, times) {
    for (let i = 0; i < times; i++) {
      const app = await stage.app({ workers: 2 });
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      await sleep(1000);
      const scheduler = await stage.scheduler();
      await app.isBoundTo(scheduler);
      for (const tid of app.tids) assert.equal((await scheduler.seen(tid))?.urgency, 321);
      await stage.stop(scheduler);
      await app.end();
    }
    return 'bound on its own, earlier hints seen';
  },
};

const blockedLoop: Row = {
  fault: 'main event loop blocked for 5 s during a restart',
  times: 1,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    const app = await stage.app({ workers: 2 });
    let slowest = 0;
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(scheduler);
      const blocked = app.run(({ keep }) => {
        const end = performance.now() + 5000;
        let statuses = 0;
        while (performance.now() < end) statuses += keep.thread.status.state === 'bound' ? 1 : 0;
        return { endedNs: process.hrtime.bigint(), statuses };
      });
      await stage.kill(scheduler);
      rmSync(stage.map);
      scheduler = await stage.scheduler();
      const boundNs = await scheduler.bound(app.tids);
      slowest = Math.max(slowest, Number(boundNs - scheduler.pinnedNs) / 1e6);
      const { endedNs, statuses } = await blocked;
      assert.ok(boundNs < endedNs, 'it was bound only when the loop was free again');
      assert.ok(statuses > 0);
    }
    await app.isBoundTo(scheduler);
    return `bound meanwhile, ${slowest.toFixed(1)} ms after the new pin`;
  },
};

export const rows: readonly Row[] = [
  killedUnderWorkers,
  rebindingTime,
  pinLeftBehind,
  repinned,
  lateScheduler,
  blockedLoop,
];
