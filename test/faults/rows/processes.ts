// Processes that come from the app's, or take its place, or its threads' ids.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildNativeProbe, type NativeProbe } from '../../rig/native-probe.js';
import type { Context } from '../../rig/node-process.js';
import { until } from '../../rig/until.js';
import type { App } from '../app.js';
import type { Row } from '../row.js';
import type { Scheduler } from '../scheduler.js';

const childFile = fileURLToPath(new URL('../programs/child.cjs', import.meta.url));

const urgencySeen = async (scheduler: Scheduler, tid: number) =>
  (await scheduler.seen(tid))?.urgency;

const forked: Row = {
  fault: 'fork without exec in a native addon',
  times: 20,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const app = await stage.app();
    await app.isBoundTo(scheduler);
    await app.run(
      ({ keep, addon, schedhint, require, threadId }, { map, probe }) => {
        keep.probe = require(probe);
        const places = new Float64Array(5);
        keep.raw = addon.attach(schedhint.uptr({ map }).request, threadId, true, places);
        keep.block = new Uint8Array(addon.page(places[0]!)!, places[1], 128);
      },
      { map: stage.map, probe: buildNativeProbe() },
    );
    for (let i = 0; i < times; i++) {
      // The child stores zeroes all over the block, and then waits.
      await app.run(({ keep }) => (keep.probe as NativeProbe).fork(keep.block));
      await app.isHeard();
      assert.equal(await app.run(({ keep }) => keep.thread.hints.urgency), 321);
      assert.equal(await urgencySeen(scheduler, app.tids[0]!), 321);
      const child = await app.run(({ keep }) => (keep.probe as NativeProbe).finishChild().status);
      assert.equal(child, 0);
    }
    await app.run(({ addon, keep }) => addon.release(keep.raw));
    return "the child's stores go nowhere, it ends normally";
  },
};

interface Child {
  readonly tid: number;
  readonly state: string;
}

/** Starts children that each attach with their own urgency: 1, 2, ... */
function startChildren(
  { keep, require }: Context,
  { how, file, map, count }: { how: string; file: string; map: string; count: number },
): Promise<Child[]> {
  const { fork } = require('node:child_process') as typeof import('node:child_process');
  const cluster = require('node:cluster') as typeof import('node:cluster').default;
  cluster.setupPrimary({ exec: file, execArgv: [] });
  const start = (env: NodeJS.ProcessEnv) =>
    how === 'cluster' ? cluster.fork(env) : fork(file, { execArgv: [], env });
  const about: Promise<Child>[] = [];
  keep.children = Array.from({ length: count }, (_, i) => {
    const child = start({ ...process.env, SCHEDHINT_MAP: map, URGENCY: String(i + 1) });
    about.push(new Promise((resolve) => child.once('message', resolve as never)));
    return child;
  });
  return Promise.all(about);
}

/** Half of them are killed, the others end on their own. */
function endChildren({ keep }: Context): Promise<unknown> {
  const children = keep.children as import('node:child_process').ChildProcess[];
  return Promise.all(
    children.map((child, i) => {
      const over = new Promise((resolve) => child.once('exit', resolve));
      if (i % 2 === 0) child.kill('SIGKILL');
      else child.disconnect();
      return over;
    }),
  );
}

function children(how: 'child_process' | 'cluster'): Row {
  const COUNT = 4;
  return {
    fault: `children of the app by ${how}, half of them SIGKILLed`,
    times: 5,
    async run(stage, times) {
      const scheduler = await stage.scheduler();
      const app = await stage.app();
      await app.isBoundTo(scheduler);
      for (let i = 0; i < times; i++) {
        const argument = { how, file: childFile, map: stage.map, count: COUNT };
        const started = await app.run(startChildren, argument);
        const tids = started.map(({ tid }) => tid);
        assert.ok(started.every(({ state }) => state === 'bound'));
        const urgencies = () => Promise.all(tids.map((tid) => urgencySeen(scheduler, tid)));
        const expected = String(tids.map((_, child) => child + 1));
        await until(
          'each has its own',
          async () => String(await urgencies()) === expected,
          urgencies,
        );
        await app.isHeard();
        assert.equal(await urgencySeen(scheduler, app.tids[0]!), 321);
        await app.run(endChildren);
        assert.equal(await scheduler.elements(tids), 0);
      }
      await app.isHeard();
      if (how === 'cluster') await app.run(closeCluster);
      return "each bound with its own hints, the parent's untouched";
    },
  };
}

function closeCluster({ require }: Context): Promise<void> {
  return new Promise((resolve) => require('node:cluster').disconnect(resolve));
}

const executed: Row = {
  fault: 'execve in place',
  times: 10,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    for (let i = 0; i < times; i++) {
      const app = await stage.app({ workers: 2 });
      await app.isBoundTo(scheduler);
      app
        .run(
          ({ require }, probe) =>
            (require(probe) as NativeProbe).exec('while sleep 0.01; do :; done'),
          buildNativeProbe(),
        )
        .catch(() => {}); // it never answers
      const name = () => readFileSync(`/proc/${app.node.pid}/comm`, 'utf8').trim();
      await until('it is sh', () => name() === 'sh', name);
      assert.equal(await scheduler.elements(app.tids), 0);
      // The new program runs and waits, and no one takes it for the old one.
      const before = (await scheduler.seen(app.tids[0]!))?.looks;
      await until('it has run on', () => switches(app.node.pid) > 10);
      assert.equal((await scheduler.seen(app.tids[0]!))?.looks, before);
      await app.kill();
    }
    return 'no hint survives into the new program';
  },
};

/** How often a process has left the CPU on its own. */
function switches(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}

/** Full collections of a heap that is worth it, while the scheduler looks. */
function collect({ require }: Context): void {
  require('node:v8').setFlagsFromString('--expose-gc');
  const gc = require('node:vm').runInNewContext('gc');
  const kept = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i] }));
  for (let i = 0; i < 5; i++) gc();
  if (kept.length === 0) throw new Error('unreachable: it keeps the heap alive');
}

const timeNamespace: Row = {
  fault: 'its own time namespace, 100,000 s ahead',
  times: 3,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const through = ['unshare', '--time', '--monotonic', '100000', '--fork', '--kill-child'];
    for (let i = 0; i < times; i++) {
      const app = await stage.app({ through });
      await app.isBoundTo(scheduler);
      const ahead = (await app.run(() => process.hrtime.bigint())) - process.hrtime.bigint();
      assert.ok(ahead > 99_000n * 1_000_000_000n, 'the app has no time namespace');
      await app.run(({ keep, schedhint }) => {
        keep.thread.hints.deadlineNs = schedhint.deadlineIn(3_600_000);
      });
      await app.isHeard();
      const tid = app.tids[0]!;
      await until('a pause has been seen', async () => {
        await app.run(collect);
        return (await scheduler.seen(tid))!.gcNs !== 0n;
      });
      const seen = (await scheduler.seen(tid))!;
      const hoursLeft = Number(seen.deadlineNs - process.hrtime.bigint()) / 3.6e12;
      assert.ok(hoursLeft > 0.9 && hoursLeft <= 1, `the deadline is ${hoursLeft} h away`);
      const pauseS = Number(seen.gcNs - seen.gcSinceNs) / 1e9;
      assert.ok(pauseS >= 0 && pauseS < 60, `a pause of ${pauseS} s`);
      await app.end();
    }
    return "deadlines and gc_since_ns are on the scheduler's clock";
  },
};

const pidNamespace: Row = {
  fault: 'its own pid namespace',
  times: 3,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    const through = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const app = await stage.app({ workers: 2, through });
    assert.equal(await app.run(() => process.pid), 1);
    for (let i = 0; i < times; i++) {
      await app.untilAll('bound');
      await app.isHeard();
      await stage.stop(scheduler);
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      scheduler = await stage.scheduler();
    }
    await app.untilAll('bound');
    await app.isHeard();
    return 'bound and heard, and again after each restart';
  },
};

/** Starts workers until one has the thread id that a worker had before. */
async function takeTid(app: App, wanted: number): Promise<void> {
  await until(`a worker has the id ${wanted}`, async () => {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(wanted - 1));
    return (
      (await app.run(async ({ Worker, keep }) => {
        const source = `
          const { parentPort } = require('node:worker_threads');
          const tid = () => Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1));
          parentPort.on('message', (map) => {
            const thread = require('schedhint').attachThread({ map });
            const { urgency, user } = thread.hints;
            parentPort.postMessage({ state: thread.status.state, urgency, user });
          });
          parentPort.postMessage(tid());`;
        await keep.second?.terminate();
        keep.second = new Worker(source, { eval: true });
        return new Promise((resolve) => keep.second.once('message', resolve));
      })) === wanted
    );
  });
}

const tidReused: Row = {
  fault: 'thread id of an ended worker used again by the next',
  times: 20,
  async run(stage, times) {
    const scheduler = await stage.scheduler();
    const app = await stage.app();
    for (let i = 0; i < times; i++) {
      await app.isBoundTo(scheduler);
      const first = await app.node.startWorker();
      const tid = await first.run(({ schedhint }, map) => {
        const { hints, tid } = schedhint.attachThread({ map });
        hints.set({ urgency: 999, user: 77 });
        return tid;
      }, stage.map);
      await scheduler.bound([tid]);
      await first.stop(i % 2 === 0 ? 'terminate' : 'end');
      await takeTid(app, tid);
      assert.equal(await scheduler.elements([tid]), 0);
      const second = await app.run(({ keep }, map) => {
        keep.second.postMessage(map);
        return new Promise((resolve) => keep.second.once('message', resolve));
      }, stage.map);
      assert.deepEqual(second, { state: 'bound', urgency: 0, user: 0n });
      assert.equal(await scheduler.elements([tid]), 1);
      await app.run(({ keep }) => keep.second.terminate());
    }
    await app.isHeard();
    return 'the next has no element, and then its own block';
  },
};

export const rows: readonly Row[] = [
  forked,
  children('child_process'),
  children('cluster'),
  executed,
  timeNamespace,
  pidNamespace,
  tidReused,
];
