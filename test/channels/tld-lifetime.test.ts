// A thread's task local data stays in its place while the thread lives: BPF programs look a name up
// once, and remember where in the page its value was. The reader here does so, as the kernel's own
// BPF half does.

import { mkdirSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess, type NodeWorker } from '../rig/node-process.js';
import { holdings, untilQuarantineIsOver } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';
import { TldReader } from './tld-reader.js';

function attach({ schedhint, keep }: Context, map: string) {
  keep.channel = schedhint.tld({ map, keys: { own: schedhint.u64 } });
  keep.thread = schedhint.attachThread({ channel: keep.channel, scoped: true });
  return { status: keep.thread.status, tid: keep.thread.tid as number };
}

function set({ keep }: Context, value: number): void {
  keep.thread.blocks.own = BigInt(value);
  keep.thread.hints.urgency = value;
}

const own = ({ keep }: Context) => keep.thread.blocks.own as bigint;
const stop = ({ keep }: Context) => keep.thread.stop();
const kindOf = ({ keep }: Context) => keep.thread.status.code ?? keep.thread.status.map.id;

describeOnKernel('the place of a thread’s task local data', () => {
  let bpffs: Bpffs;
  let node: NodeProcess;
  let reader: TldReader;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await TldReader.load('c_remembers', bpffs.path);
    node = await NodeProcess.start({ execArgv: ['--expose-gc'] });
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const becomes = (thread: Pick<NodeProcess, 'run'>, kind: unknown) =>
    until(
      `it is ${kind}`,
      async () => (await thread.run(kindOf)) === kind,
      () => thread.run(kindOf),
    );

  test('50 times attached and stopped: each hint arrives, each value is zero at first', async () => {
    const seen: bigint[] = [];
    for (let i = 1; i <= 50; i++) {
      const { tid, status } = await node.run(attach, reader.map);
      expect(status.state).toBe('bound');
      expect(await node.run(own)).toBe(0n);
      await node.run(set, i);
      const found = await reader.find(tid, 'schedhint_urgency');
      if (found.value === BigInt(i)) seen.push(found.value);
      await node.run(stop);
      expect((await reader.find(tid, 'schedhint_urgency')).index).toBe('no element');
    }
    expect(seen).toHaveLength(50);
    // Its block, and the page of names, which is not counted as used.
    expect(await node.run(holdings)).toMatchObject({ bindings: 0, mapsOpen: 0, blocksUsed: 1 });
  });

  test('collections are reported again after a stop and a start', async () => {
    const start = ({ schedhint, keep }: Context, map: string) => {
      keep.gc = schedhint.startGcHints({ channel: schedhint.tld({ map }) });
    };
    const expected = async () => (await reader.find(node.pid, 'schedhint_gc_expect_us')).value;
    for (let i = 0; i < 2; i++) {
      await node.run(start, reader.map);
      expect(await expected()).toBe(0n);
      await until('it is known how long they take', async () => {
        await node.run(() => (globalThis.gc as () => void)());
        return (await expected()) > 0n;
      });
      await node.run(({ keep }) => keep.gc.stop());
      expect((await reader.find(node.pid, 'schedhint_gc_expect_us')).index).toBe('no element');
    }
  });

  test('another thread never gets it: no one reads or writes the wrong thread’s values', async () => {
    const { tid } = await node.run(attach, reader.map);
    await node.run(set, 1);
    expect((await reader.find(tid, 'own')).value).toBe(1n);
    await node.run(stop);
    await node.run(attach, reader.map);
    await node.run(set, 2);
    await untilQuarantineIsOver(node);
    // As many as fit into the rest of the page, and into another.
    const workers = await Promise.all(Array.from({ length: 20 }, () => node.startWorker()));
    const attached: [NodeWorker, number][] = [];
    for (const [i, worker] of workers.entries()) {
      attached.push([worker, (await worker.run(attach, reader.map)).tid]);
      await worker.run(set, 100 + i);
    }
    expect((await reader.find(tid, 'own', 8, 3)).value).toBe(2n);
    expect(await node.run(own)).toBe(3n);
    for (const [i, [worker, workersTid]] of attached.entries()) {
      expect((await reader.find(workersTid, 'own')).value).toBe(BigInt(100 + i));
      expect(await worker.run(own)).toBe(BigInt(100 + i));
    }
  });

  test('the pin goes, the thread attaches again before it is back: the same place', async () => {
    const { tid } = await node.run(attach, reader.map);
    await node.run(set, 1);
    expect((await reader.find(tid, 'own')).value).toBe(1n);
    await node.run(stop);
    renameSync(reader.map, `${reader.map}-away`);
    expect((await node.run(attach, reader.map)).status.code).toBe('ERR_SCHEDHINT_MAP_NOT_FOUND');
    await node.run(set, 2);
    renameSync(`${reader.map}-away`, reader.map);
    await becomes(node, reader.mapId);
    expect((await reader.find(tid, 'own')).value).toBe(2n);
  });

  test('another path of the same map: the same place', async () => {
    const { tid } = await node.run(attach, reader.map);
    await node.run(set, 1);
    expect((await reader.find(tid, 'own')).value).toBe(1n);
    await node.run(stop);
    renameSync(reader.map, `${reader.map}-moved`);
    await node.run(attach, `${reader.map}-moved`);
    await node.run(set, 2);
    expect((await reader.find(tid, 'own')).value).toBe(2n);
    renameSync(`${reader.map}-moved`, reader.map);
  });

  test('two maps change places: neither is given the values that the other has had', async () => {
    mkdirSync(`${bpffs.path}/second`);
    const second = await TldReader.load('c_remembers', `${bpffs.path}/second`);
    try {
      const worker = await node.startWorker();
      const { tid } = await worker.run(attach, reader.map);
      await worker.run(set, 1);
      await worker.run(({ schedhint, keep }, map) => {
        const channel = schedhint.tld({ map, keys: { own: schedhint.u64 } });
        keep.other = schedhint.attachThread({ channel });
        keep.other.blocks.own = 2n;
      }, second.map);
      expect((await reader.find(tid, 'own')).value).toBe(1n);
      expect((await second.find(tid, 'own')).value).toBe(2n);
      renameSync(reader.map, `${reader.map}-away`);
      renameSync(second.map, reader.map);
      renameSync(`${reader.map}-away`, second.map);
      await becomes(worker, 'ERR_SCHEDHINT_TLD_IN_USE');
      expect(await reader.element(tid)).toBeNull();
      expect(await second.element(tid)).toBeNull();
      renameSync(reader.map, `${reader.map}-away`);
      renameSync(second.map, reader.map);
      renameSync(`${reader.map}-away`, second.map);
      await becomes(worker, reader.mapId);
      expect((await reader.find(tid, 'own')).value).toBe(1n);
    } finally {
      await second.close();
    }
  });

  test('the thread ends: its block serves others', async () => {
    const before = await node.run(holdings);
    const worker = await node.startWorker();
    await worker.run(attach, reader.map);
    await worker.run(stop);
    expect(await node.run(holdings)).toMatchObject({ threads: 1, bindings: 0, blocksUsed: 1 });
    await worker.stop();
    await untilQuarantineIsOver(node);
    const { threads, bindings, blocksUsed, descriptors } = await node.run(holdings);
    expect([threads, bindings, blocksUsed]).toEqual([0, 0, 0]);
    expect(descriptors).toBe(before.descriptors);
  });

  test('an element that is not ours is refused, and left alone', async () => {
    // As C code's in the process, or that of a program before an execve; it points nowhere.
    const foreign = Buffer.alloc(24);
    foreign.writeUInt16LE(64, 16);
    await reader.replaceElement(node.pid, foreign);
    const { status } = await node.run(attach, reader.map);
    expect(status).toMatchObject({
      state: 'unavailable',
      code: 'ERR_SCHEDHINT_TLD_IN_USE',
      reason: expect.stringMatching(/not schedhint's.*Let only one/),
    });
    await node.run(set, 1); // into private memory
    await node.run(stop);
    expect((await reader.element(node.pid))?.readUInt16LE(16)).toBe(64);
  });

  test('an attach that throws makes none of its keys, and takes no room', async () => {
    const { tid } = await node.run(attach, reader.map);
    const { count } = await reader.find(tid, 'own');
    const refused = await node.run(({ schedhint }, map) => {
      const { array, attachThread, tld, u8, u32 } = schedhint;
      const code = (keys: Record<string, unknown>) => {
        try {
          attachThread({ channel: tld({ map, keys: keys as never, hints: {} }) });
          return 'attached';
        } catch (error) {
          return (error as { code: string }).code;
        }
      };
      const many = Array.from({ length: 64 }, (_, i) => [`key_${i}`, u8] as const);
      return [
        code({ first: u8, second: u8, own: u32 }),
        code(Object.fromEntries(many)),
        code({ third: u8, large: array(u8, 4000) }),
        code({ fourth: u8, constructor: u8 }),
        code({ fifth: u8, ['__proto__']: u8 }),
        code({ sixth: u8, __proto__: u8 }),
      ];
    }, reader.map);
    expect(refused).toEqual([
      'ERR_SCHEDHINT_TLD_KEY_SIZE',
      'ERR_SCHEDHINT_TLD_SPACE',
      'ERR_SCHEDHINT_TLD_SPACE',
      'ERR_SCHEDHINT_OPTION',
      'ERR_SCHEDHINT_OPTION',
      'ERR_SCHEDHINT_OPTION',
    ]);
    expect(await reader.find(tid, 'own')).toMatchObject({ count });
    // All of dynamicBytes is there: eight values of eight bytes.
    const made = await node.run(({ schedhint }, map) => {
      const { attachThread, tld, u8 } = schedhint;
      const keys = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`late_${i}`, u8]));
      return attachThread({ channel: tld({ map, keys, hints: {} }) }).status.state;
    }, reader.map);
    expect(made).toBe('bound');
    expect(await reader.find(tid, 'own')).toMatchObject({ count: count + 8 });
  });
});
