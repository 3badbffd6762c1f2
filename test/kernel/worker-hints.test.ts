import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { readTasks } from '../rig/sampler.js';
import { until } from '../rig/until.js';

interface Which {
  readonly map: string;
  readonly name: number;
}

function openHints({ schedhint, workers, keep }: Context, { map, name }: Which) {
  keep.of = schedhint.threadOf(workers.get(name)!, { map });
  return keep.of.status;
}

function tell({ schedhint, workers }: Context, which: Which & { urgency: number }) {
  schedhint.hintsOf(workers.get(which.name)!, { map: which.map }).urgency = which.urgency;
}

function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map });
  const { status, tid, hints, blocks } = keep.thread;
  return { state: status.state, tid: tid as number, hints: hints.toJSON(), abi: blocks.thread.abi };
}

const statusOf = ({ keep }: Context) => keep.of.status;
const counts = ({ addon }: Context) => addon.counts();

describeOnKernel("a worker's hints, set by its parent", () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  test('workers of a thread that has detached are not counted once it has ended', async () => {
    const worker = await node.startWorker();
    const unreached = ({ addon }: Context) => addon.unreachedWorkers();
    await worker.run(async ({ schedhint, Worker }, path) => {
      schedhint.attachThread({ map: path, scoped: true }).stop();
      const own = new Worker('setInterval(() => {}, 1e9)', { eval: true });
      await new Promise((resolve) => own.once('online', resolve));
    }, map);
    expect(await node.run(unreached)).toBe(1);
    await worker.stop('terminate');
    expect(await node.run(unreached)).toBe(0);
  });

  test('before the worker has attached: they wait for it in its block', async () => {
    const worker = await node.startWorker();
    const which = { map, name: worker.name };
    expect(await node.run(openHints, which)).toMatchObject({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_WORKER_NOT_ATTACHED',
    });
    await node.run(({ keep }) => keep.of.hints.set({ urgency: 700, user: 5 }));
    const attached = await worker.run(attach, map);
    expect(attached).toMatchObject({ state: 'bound', abi: 1, hints: { urgency: 700, user: '5' } });
    expect(await node.run(statusOf)).toMatchObject({ state: 'bound' });
    expect(await node.run(({ keep }) => keep.of.tid)).toBe(attached.tid);
    expect(await reader.element('schedhint', attached.tid)).not.toBeNull();
  });

  test('after the worker has attached: both see what either writes, and so does BPF', async () => {
    const worker = await node.startWorker();
    const { tid } = await worker.run(attach, map);
    expect(await node.run(openHints, { map, name: worker.name })).toMatchObject({ state: 'bound' });
    await node.run(({ keep }) => {
      keep.of.hints.urgency = 44;
      // The rule by which the sampler says what it has seen: urgency = deadline % 1024 + 1.
      keep.of.hints.set({ deadlineNs: 43, urgency: 44, user: 3 * 43 });
    });
    expect(await worker.run(({ keep }) => keep.thread.hints.urgency)).toBe(44);
    await worker.run(({ keep }) => {
      keep.thread.hints.sliceUs = 9;
    });
    expect(await node.run(({ keep }) => keep.of.hints.sliceUs)).toBe(9);
    await reader.set('control', 0, [node.pid]);
    await until('BPF has seen the group', async () => {
      await worker.run(({ keep }) => keep.thread.tid);
      return ((await readTasks(reader)).get(tid)?.groupsGood ?? 0n) > 0n;
    });
    expect((await readTasks(reader)).get(tid)!.mixed).toBe(0n);
  });

  test('of several workers, asked for in any order, among others that end', async () => {
    await node.run(attach, map);
    const workers = await Promise.all(Array.from({ length: 4 }, () => node.startWorker()));
    const inOrder = (...order: number[]) => order.map((i) => workers[i]!);
    for (const [i, worker] of inOrder(2, 0, 3, 1).entries()) {
      await node.run(tell, { map, name: worker.name, urgency: 100 + i });
    }
    const told = async (worker: (typeof workers)[number]) =>
      (await worker.run(attach, map)).hints.urgency;
    expect(await told(workers[2]!)).toBe(100);
    expect(await told(workers[0]!)).toBe(101);
    await workers[0]!.stop();
    await until(
      'the main thread and one worker are left that have attached',
      async () => (await node.run(counts)).bound === 2,
    );
    expect(await told(workers[1]!)).toBe(103);
    expect(await told(workers[3]!)).toBe(102);
  });

  test('hintsOf returns the same hints each time, and refuses what is no worker', async () => {
    const worker = await node.startWorker();
    const results = await node.run(
      ({ schedhint, workers }, { path, name }) => {
        const thread = workers.get(name)!;
        const code = (value: unknown) => {
          try {
            schedhint.hintsOf(value as typeof thread);
            return 'none';
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        const first = schedhint.hintsOf(thread, { map: path });
        return [first === schedhint.hintsOf(thread, { map: path }), code({}), code(null)];
      },
      { path: map, name: worker.name },
    );
    expect(results).toEqual([true, 'ERR_SCHEDHINT_OPTION', 'ERR_SCHEDHINT_OPTION']);
  });

  test.each(['end', 'terminate'] as const)(
    'the worker ends (%s): its handle ends, values kept',
    async (how) => {
      const worker = await node.startWorker();
      const { tid } = await worker.run(attach, map);
      await node.run(openHints, { map, name: worker.name });
      await node.run(({ keep }) => {
        keep.of.hints.urgency = 12;
      });
      await worker.stop(how);
      expect(await node.run(statusOf)).toMatchObject({
        state: 'unavailable',
        code: 'ERR_SCHEDHINT_THREAD_ENDED',
      });
      expect(
        await node.run(({ keep }) => {
          const kept = keep.of.hints.urgency;
          keep.of.hints.urgency = 13; // reaches no one
          return [kept, keep.of.hints.urgency];
        }),
      ).toEqual([12, 13]);
      expect(await reader.element('schedhint', tid)).toBeNull();
      expect(await node.run(counts)).toMatchObject({
        threads: 0,
        bindings: 0,
        bound: 0,
        mapsOpen: 0,
        blocksUsed: 0,
      });
    },
  );

  test('a worker that never attaches leaves nothing either', async () => {
    const worker = await node.startWorker();
    await node.run(openHints, { map, name: worker.name });
    expect(await node.run(counts)).toMatchObject({ threads: 1, bindings: 1, bound: 0 });
    await worker.stop();
    expect(await node.run(counts)).toMatchObject({ threads: 0, bindings: 0, blocksUsed: 0 });
  });

  test('a worker that was terminated in the middle of a group does not hang its parent', async () => {
    const worker = await node.startWorker();
    await worker.run(attach, map);
    await node.run(openHints, { map, name: worker.name });
    await worker.run(({ keep }) => {
      const block = keep.thread.blocks.thread;
      block.seq = block.seq + 1; // what a group leaves behind that was never ended
    });
    const urgency = () => node.run(({ keep }) => keep.of.hints.urgency);
    await node.run(({ keep }) => {
      keep.of.hints.urgency = 1;
      keep.of.hints.set({ urgency: 99 }); // must return, though the block stays in the middle
    });
    expect(await urgency()).toBe(1);
    await worker.stop('terminate');
    // Now that no one else writes there, the group goes through.
    expect(await urgency()).toBe(99);
  });

  test('workers that are terminated while they write groups: the parent goes on', async () => {
    for (let life = 0; life < 10; life++) {
      const worker = await node.startWorker();
      await worker.run(attach, map);
      await node.run(openHints, { map, name: worker.name });
      worker
        .run(({ keep }) => {
          for (let k = 0; ; k++) keep.thread.hints.set({ urgency: k % 1024, user: k });
        })
        .catch(() => {}); // its end is what we want
      await node.run(({ keep }) => keep.of.hints.set({ sliceUs: 7 }));
      await worker.stop('terminate');
      expect(await node.run(({ keep }) => keep.of.hints.sliceUs)).toBe(7);
    }
    expect(await node.run(counts)).toMatchObject({ threads: 0, bindings: 0, bound: 0 });
  });
});
