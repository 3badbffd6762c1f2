import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess, type NodeWorker } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

interface Told {
  readonly map: string;
  /** Written as urgency, and in other fields as functions of it. */
  readonly mark: number;
}

function tell({ schedhint, keep }: Context, { map, mark }: Told): number {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  keep.thread.hints.set({
    urgency: mark,
    sliceUs: mark * 10,
    deadlineNs: mark * 1000,
    user: -mark + 2 ** 40,
  });
  keep.thread.hints.phase = 'serving';
  return keep.thread.tid;
}

const heard = (mark: number, role: number) => ({
  role,
  phase: 2,
  urgency: mark,
  batch: false,
  sliceUs: mark * 10,
  deadlineNs: String(mark * 1000),
  user: String(2 ** 40 - mark),
});

describeOnKernel('every task sees only its own', () => {
  let bpffs: Bpffs;
  beforeEach(() => {
    bpffs = mountBpffs();
  });
  afterEach(() => bpffs?.unmount());

  test('two processes with three workers each: BPF finds by each tid what that thread wrote', async () => {
    const map = `${bpffs.path}/schedhint`;
    const observer = await Observer.start(map);
    const processes = await Promise.all([NodeProcess.start(), NodeProcess.start()]);
    try {
      const told = new Map<number, { tgid: number; hints: object }>();
      let mark = 100;
      for (const node of processes) {
        const threads: [NodeProcess | NodeWorker, number][] = [[node, 1]];
        for (let i = 0; i < 3; i++) threads.push([await node.startWorker(), 2]);
        for (const [thread, role] of threads) {
          const tid = await thread.run(tell, { map, mark });
          told.set(tid, { tgid: node.pid, hints: heard(mark, role) });
          mark++;
        }
      }
      expect(told.size).toBe(8);
      const seen = async () =>
        new Map(
          (await observer.threads())
            .filter((thread) => thread.kind === 'js')
            .map(({ tid, tgid, hints }) => [tid, { tgid, hints }]),
        );
      // The observer looks when a thread switches, which each of them does on its way to sleep.
      await until('all eight have been seen', async () => (await seen()).size === 8);
      expect(await seen()).toEqual(told);
    } finally {
      await Promise.all(processes.map((node) => node.kill()));
      await observer.stop();
    }
  });
});

describeOnKernel("the leader's element", () => {
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

  const hasElement = async (tid: number) => (await reader.element('schedhint', tid)) !== null;

  /** Whether BPF finds a thread's own block, by where the sampler counts what it sees of it. */
  const hasThreadBlock = async () => {
    await reader.set('control', 0, [node.pid]);
    const looks = async () => {
      const [, counts] =
        (await reader.dump('tasks')).find(([key]) => key.readUInt32LE() === node.pid) ?? [];
      return { own: counts?.readBigUInt64LE(40) ?? 0n, none: counts?.readBigUInt64LE(24) ?? 0n };
    };
    const before = await looks();
    await node.run(() => {
      // Long enough for the clock to strike in it.
      const end = performance.now() + 20;
      while (performance.now() < end);
    });
    const after = await looks();
    return { found: after.own > before.own, missed: after.none > before.none };
  };

  test('the first attach, from a worker, binds the leader with the process block alone', async () => {
    const worker = await node.startWorker();
    const tid = await worker.run(tell, { map, mark: 1 });
    expect(tid).not.toBe(node.pid);
    expect(await hasElement(tid)).toBe(true);
    expect(await hasElement(node.pid)).toBe(true);
    expect(await hasThreadBlock()).toEqual({ found: false, missed: true });
    // When the last thread goes, so does the leader's.
    await worker.stop();
    expect(await hasElement(node.pid)).toBe(false);
  });

  test('NULL: the main thread stops its handle while a worker stays', async () => {
    await node.run(tell, { map, mark: 1 });
    const worker = await node.startWorker();
    await worker.run(tell, { map, mark: 2 });
    expect(await hasThreadBlock()).toEqual({ found: true, missed: false });
    await node.run(({ keep }) => keep.thread.stop());
    expect(await hasElement(node.pid)).toBe(true);
    expect(await hasThreadBlock()).toEqual({ found: false, missed: true });
    // And back: its own block is in the element again.
    await node.run(tell, { map, mark: 3 });
    expect(await hasThreadBlock()).toEqual({ found: true, missed: false });
  });

  test('bound_threads counts the threads bound now', async () => {
    const boundThreads = () => node.run(({ keep }) => keep.thread.blocks.process.bound_threads);
    await node.run(tell, { map, mark: 1 });
    expect(await boundThreads()).toBe(1);
    const workers = [await node.startWorker(), await node.startWorker()];
    for (const worker of workers) await worker.run(tell, { map, mark: 2 });
    expect(await boundThreads()).toBe(3);
    await workers[0]!.stop('terminate');
    expect(await boundThreads()).toBe(2);
    await workers[1]!.run(({ keep }) => keep.thread.stop());
    expect(await boundThreads()).toBe(1);
  });
});
