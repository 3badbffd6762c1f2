// The runtime's helper threads have elements: V8's workers and libuv's pool, by their names or, in an older Node.js, by having
// met. Threads of other libraries have none, and nothing is left when the process detaches.

import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Lookup } from '../abi/lookup.js';
import { BrokerProcess, BUILD_MS, buildBroker } from '../broker/broker-process.js';
import { nodeBinaries } from '../packaging/node-versions/node-binaries.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { untilQuarantineIsOver } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';

const POOL = 4;
const REFUSE = fileURLToPath(new URL('../faults/programs/build/refuse', import.meta.url));

function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  return keep.thread.status.state;
}

/** The names of the process's threads, by their tids. */
function threads({ require }: Context): [tid: number, name: string][] {
  const { readdirSync, readFileSync } = require('node:fs') as typeof import('node:fs');
  return readdirSync('/proc/self/task').map((tid) => [
    Number(tid),
    readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim(),
  ]);
}

/** Has the pool's threads started, if they are not there. */
const usePool = ({ require }: Context) =>
  (require('node:fs/promises') as typeof import('node:fs/promises'))
    .stat('/')
    .then((stats) => stats.isDirectory());

const startNativeThread = ({ require }: Context, probe: string) =>
  (require(probe) as NativeProbe).startThread();

/** A pause, as far as the process's block shows it. */
function pretendPause({ keep }: Context, threadsInPause: number) {
  keep.thread.blocks.process.gc_threads = threadsInPause;
}

function counts({ addon }: Context) {
  const { pages, blocksFree, ...fixed } = addon.counts();
  return fixed;
}

/** Has the answer of a broker come before anyone listens to changes of the status. */
function listenLate({ addon }: Context) {
  const listen = addon.onStatusChange;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  addon.onStatusChange = (...args) => {
    while (addon.counts().bound === 0) Atomics.wait(clock, 0, 0, 5);
    listen(...args);
  };
}

const flags = ({ keep }: Context) => keep.thread.blocks.process.flags as number;

describeOnKernel('helper threads', () => {
  const binaries = nodeBinaries();
  const probe = buildNativeProbe();
  let bpffs: Bpffs;
  let lookup: Lookup;
  let node: NodeProcess;
  let map: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    lookup = await Lookup.load(bpffs.path);
    map = lookup.map;
  });
  afterEach(async () => {
    await node?.kill();
    await lookup?.close();
    bpffs?.unmount();
  });

  const start = (execPath = process.execPath, env: NodeJS.ProcessEnv = {}) =>
    NodeProcess.start({ execPath, env });

  /** Those that have an element, of all threads but the main one. */
  async function withElement(): Promise<number[]> {
    const found: number[] = [];
    for (const tid of readdirSync(`/proc/${node.pid}/task`).map(Number)) {
      if (tid !== node.pid && (await lookup.ask(tid)).own) found.push(tid);
    }
    return found;
  }

  const untilElements = (count: number) =>
    until(
      `${count} helper threads have elements`,
      async () => (await withElement()).length === count,
      withElement,
    );

  describe.each(binaries)('of Node.js $version', ({ path, version }) => {
    const namesV8 = Number(/\d+/.exec(version)) >= 24;
    const namesPool = Number(/\d+/.exec(version)) >= 22;

    /** The tids of libuv's threads and of V8's, as this test knows them. */
    async function helpers(): Promise<{ pool: number[]; v8: number[] }> {
      const before = new Set((await node.run(threads)).map(([tid]) => tid));
      expect(await node.run(usePool)).toBe(true);
      const after = await node.run(threads);
      const named = (part: string) =>
        after.filter(([, name]) => name.includes(part)).map(([tid]) => tid);
      const started = after.map(([tid]) => tid).filter((tid) => !before.has(tid));
      return { pool: namesPool ? named('libuv-worker') : started, v8: named('V8Worker') };
    }

    test('have elements, and threads of other libraries have none', async () => {
      node = await start(path);
      const { pool, v8 } = await helpers();
      expect(pool).toHaveLength(POOL);
      expect(v8).toHaveLength(namesV8 ? 4 : 0);
      const foreign = await node.run(startNativeThread, probe);
      expect(await node.run(attach, map)).toBe('bound');
      await untilElements(pool.length + v8.length);
      expect(new Set(await withElement())).toEqual(new Set([...pool, ...v8]));
      await until('the process says so', async () => {
        return (await node.run(flags)) === (namesV8 ? 1 : 0);
      });

      await node.run(pretendPause, 1);
      for (const tid of pool) {
        expect(await lookup.ask(tid)).toMatchObject({
          ...{ own: true, thread: false, process: true },
          ...{ helps: false, inherits: true },
        });
      }
      for (const tid of v8) {
        expect(await lookup.ask(tid)).toMatchObject({
          ...{ own: true, thread: false, process: true },
          ...{ helps: true, inherits: false },
        });
      }
      // It is taken for a helper only where V8's are not known.
      expect(await lookup.ask(foreign)).toMatchObject({
        ...{ own: false, thread: false, process: true },
        ...{ helps: !namesV8, inherits: false },
      });
    });

    test('that start late are found, and none is left of those of a process that detaches', async () => {
      node = await start(path);
      const before = await node.run(counts);
      await node.run(attach, map);
      const v8 = namesV8 ? 4 : 0;
      await untilElements(v8);
      await helpers();
      await untilElements(v8 + POOL);
      await node.run(({ keep }) => keep.thread.stop());
      expect(await withElement()).toEqual([]);
      expect((await lookup.ask(node.pid)).own).toBe(false);
      await untilQuarantineIsOver(node);
      expect(await node.run(counts)).toMatchObject(before);
      // And they come back.
      await node.run(attach, map);
      await untilElements(v8 + POOL);
    });
  });

  test('are in the map that takes the place of another', async () => {
    node = await start();
    await node.run(usePool);
    await node.run(attach, map);
    await untilElements(POOL);
    await lookup.close();
    lookup = await Lookup.load(bpffs.path);
    await untilElements(POOL);
  });

  test.each([
    ['', () => undefined],
    [' that answers before anyone listens', listenLate],
  ])(
    'are bound by a broker%s where the process may not do so, and are again by the next one',
    async (_, prepare) => {
      buildBroker();
      const scratch = mkdtempSync(join(tmpdir(), 'schedhint-helpers-'));
      const socket = join(scratch, 'broker.sock');
      let broker = await BrokerProcess.start({ maps: [map], socket });
      try {
        node = await NodeProcess.start({
          execPath: REFUSE,
          execArgv: ['bpf', 'EPERM', process.execPath],
          env: { SCHEDHINT_BROKER: socket },
        });
        await node.run(prepare);
        await node.run(usePool);
        await node.run(attach, map);
        await untilElements(POOL);
        const [tid] = await withElement();
        expect(await lookup.ask(tid!)).toMatchObject({ helps: false, inherits: true });
        await broker.stop();
        await untilElements(0);
        broker = await BrokerProcess.start({ maps: [map], socket });
        await untilElements(POOL);
        await node.run(({ keep }) => keep.thread.stop());
        await broker.untilHeld({ threads: 0 });
        await untilElements(0);
      } finally {
        await node?.kill();
        await broker.stop();
        rmSync(scratch, { recursive: true });
      }
    },
    BUILD_MS,
  );

  test('of a pool that is busy are found, and what is queued there is done', async () => {
    node = await start();
    await node.run(attach, map);
    const done = node.run(async ({ require, keep }) => {
      const { pbkdf2, stat } = { ...require('node:crypto'), ...require('node:fs') };
      keep.stats = 0;
      keep.goes = true;
      const hash = () => keep.goes && pbkdf2('a', 'b', 200_000, 64, 'sha512', hash);
      for (let i = 0; i < 6; i++) hash();
      while (keep.goes) await new Promise((resolve) => stat('/', () => resolve(keep.stats++)));
      return keep.stats as number;
    });
    await until('one was met between two jobs', async () => (await withElement()).length > 0);
    await node.run(({ keep }) => {
      keep.goes = false;
    });
    expect(await done).toBeGreaterThan(0);
    await untilElements(POOL);
  });

  test('of which one is blocked: the others do not wait for it, and it is found later', async () => {
    node = await start();
    await node.run(attach, map);
    const scratch = mkdtempSync(join(tmpdir(), 'schedhint-helpers-'));
    const fifo = join(scratch, 'fifo');
    try {
      execFileSync('mkfifo', [fifo]);
      // Not opened before a writer opens it.
      await node.run(({ require, keep }, path) => {
        const { open } = require('node:fs') as typeof import('node:fs');
        keep.opened = new Promise((resolve) => open(path, 'r', resolve));
      }, fifo);
      await untilElements(POOL - 1);
      expect(await node.run(usePool)).toBe(true);
      closeSync(openSync(fifo, constants.O_WRONLY));
      await node.run(({ keep }) => keep.opened);
      await untilElements(POOL);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  test('are found once there are descriptors', async () => {
    node = await start();
    await node.run(usePool);
    await node.run(attach, map);
    const limit = (files: string) =>
      execFileSync('prlimit', ['--pid', String(node.pid), `--nofile=${files}`]);
    limit('3:');
    // As long as the pool is looked for, and longer.
    await node.run(() => new Promise((resolve) => setTimeout(resolve, 3000)));
    expect(await withElement()).toEqual([]);
    limit('1024:');
    await untilElements(POOL);
    // Neither can they be deleted without one: tried again until they are.
    limit('3:');
    await node.run(({ keep }) => keep.thread.stop());
    limit('1024:');
    await untilElements(0);
  });

  test('are found when the map comes after the thread has attached', async () => {
    await lookup.close();
    node = await start();
    await node.run(usePool);
    expect(await node.run(attach, map)).toBe('waiting');
    lookup = await Lookup.load(bpffs.path);
    await untilElements(POOL);
  });

  test('lose their elements with the last thread, a worker that is terminated', async () => {
    node = await start();
    // The main thread's addon meets the pool.
    await node.run(attach, map);
    await node.run(usePool);
    const worker = await node.startWorker();
    await worker.run(attach, map);
    await untilElements(POOL + 1);
    await node.run(({ keep }) => keep.thread.stop());
    await untilElements(POOL + 1);
    await worker.stop('terminate');
    await untilElements(0);
    expect((await lookup.ask(node.pid)).own).toBe(false);
  });

  test('are not started for an app that does not use the pool', async () => {
    node = await start();
    const before = await node.run(threads);
    await node.run(attach, map);
    await node.run(() => new Promise((resolve) => setTimeout(resolve, 3500)));
    // One more: the watcher's thread.
    expect(await node.run(threads)).toHaveLength(before.length + 1);
  });

  test('leave the process its end: what waits for the pool neither delays it nor breaks it', async () => {
    node = await start();
    await node.run(attach, map);
    // Busy from before the first meeting to after it, so its items wait behind.
    await node.run(({ require }) => {
      const { pbkdf2 } = require('node:crypto') as typeof import('node:crypto');
      const length = (iterations: number) => {
        const start = performance.now();
        require('node:crypto').pbkdf2Sync('a', 'b', iterations, 64, 'sha512');
        return performance.now() - start;
      };
      const iterations = Math.ceil((20_000 / length(20_000)) * 1500);
      for (let i = 0; i < 4; i++) pbkdf2('a', 'b', iterations, 64, 'sha512', () => {});
      setTimeout(() => process.exit(7), 1300);
    });
    expect(await node.exited).toEqual({ code: 7, signal: null });
    expect(node.output).toBe('');

    node = await start();
    await node.run(attach, map);
    await node.run(usePool);
    await node.end();
  });

  test('are left alone with SCHEDHINT_HELPERS=off', async () => {
    node = await start(process.execPath, { SCHEDHINT_HELPERS: 'off' });
    await node.run(usePool);
    await node.run(attach, map);
    await node.run(() => new Promise((resolve) => setTimeout(resolve, 3000)));
    expect(await withElement()).toEqual([]);
  });
});
