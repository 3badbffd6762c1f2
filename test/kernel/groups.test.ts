import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { readTasks } from '../rig/sampler.js';

/** Writes groups by the rule that bpf/sampler.bpf.c checks, for a while. */
function writeGroups({ keep }: Context, milliseconds: number) {
  const { hints } = keep;
  const end = performance.now() + milliseconds;
  for (; performance.now() < end; ) {
    for (let i = 0; i < 1000; i++) {
      const k = ++keep.k;
      hints.set({ deadlineNs: BigInt(k), urgency: (k % 1024) + 1, user: 3 * k });
    }
  }
}

/** Collects, again and again, until it is asked to stop. */
async function collect({ schedhint, keep }: Context, map: string) {
  keep.hints = schedhint.startGcHints({ map });
  const survivors: unknown[] = [];
  const fill = () => {
    for (let i = 0; i < 20_000; i++) survivors.push({ i, list: [i] });
    if (survivors.length > 200_000) survivors.length = 0;
    keep.timer = setImmediate(fill);
  };
  fill();
  return keep.hints.thread.tid as number;
}

describeOnKernel('groups', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path, '--period-us', '50');
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
    await reader.set('control', 0, [node.pid]);
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const countsOf = async (tid: number) => (await readTasks(reader)).get(tid)!;

  test('are never seen half-written', async () => {
    const tid = await node.run(({ schedhint, keep }, path) => {
      const thread = schedhint.attachThread({ map: path });
      keep.hints = thread.hints;
      keep.k = 0;
      return thread.tid;
    }, map);
    // Until the reader has met a group in the making: about one look in four does.
    for (let round = 0; round < 20; round++) {
      await node.run(writeGroups, 200);
      const { groupsKept } = await countsOf(tid);
      if (groupsKept > 100n) break;
    }
    const { groupsGood, groupsKept, mixed } = await countsOf(tid);
    expect(groupsKept).toBeGreaterThan(100n);
    expect(groupsGood).toBeGreaterThan(100n);
    expect(mixed).toBe(0n);
  });

  test('never hide a collection: gc is read in the middle of a group', async () => {
    // The parent writes groups into the block of a worker that collects meanwhile.
    const worker = await node.startWorker();
    const tid = await worker.run(collect, map);
    await node.run(
      ({ schedhint, keep, workers }, { path, name }) => {
        keep.hints = schedhint.hintsOf(workers.get(name)!, { map: path });
        keep.k = 0;
      },
      { path: map, name: worker.name },
    );
    for (let round = 0; round < 40; round++) {
      await node.run(writeGroups, 250);
      const { gcInGroup, groupsKept } = await countsOf(tid);
      if (gcInGroup > 0n && groupsKept > 0n) break;
    }
    const { groupsGood, gcInGroup, mixed } = await countsOf(tid);
    expect(gcInGroup).toBeGreaterThan(0n);
    expect(groupsGood).toBeGreaterThan(0n);
    expect(mixed).toBe(0n);
  });

  test('an invalid value throws before anything is written', async () => {
    const result = await node.run(({ schedhint, keep }, path) => {
      const thread = schedhint.attachThread({ map: path });
      keep.hints = thread.hints;
      keep.k = 5;
      const k = 5;
      thread.hints.set({ deadlineNs: k, urgency: k + 1, user: 3 * k });
      const before = JSON.stringify(thread.blocks.thread);
      const errors = [
        { urgency: 9, deadlineNs: -1 },
        { user: 1, urgency: 1025 },
        { deadlineNs: 1, sliceUs: '5' },
        { urgency: 3, colour: 4 },
      ].map((group) => {
        try {
          thread.hints.set(group as object);
          return 'nothing';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      return { errors, same: JSON.stringify(thread.blocks.thread) === before, tid: thread.tid };
    }, map);
    expect(result.errors).toEqual([
      'ERR_SCHEDHINT_FIELD_RANGE',
      'ERR_SCHEDHINT_FIELD_RANGE',
      'ERR_SCHEDHINT_FIELD_TYPE',
      'ERR_SCHEDHINT_OPTION',
    ]);
    expect(result.same).toBe(true);
    const { mixed, groupsGood } = await countsOf(result.tid);
    expect(groupsGood).toBeGreaterThan(0n);
    expect(mixed).toBe(0n);
  });
});
