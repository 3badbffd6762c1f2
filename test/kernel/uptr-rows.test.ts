import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';

// The rows of the kernel's own selftest of __uptr (uptr_basic in task_local_storage.c), through our
// API: value { udata, nested: { udata } }. The program in uptr_rows.bpf.c answers each system call
// of the thread with MAGIC + a + b, through whatever pointers the thread's element holds.

const MAGIC = 0xabcd1234 | 0;

/** Attaches with a, b and the results preset. Defined once, sent to the process of each test. */
function attachRows({ schedhint, keep }: Context, map: string) {
  const { attachThread, i32, struct, uptr } = schedhint;
  keep.data ??= struct('user_data', { a: i32, b: i32, result: i32, nested_result: i32 });
  const value = { udata: keep.data, nested: { udata: keep.data } };
  const channel = uptr({ map, value });
  keep.thread = attachThread({ channel, scoped: true });
  keep.channel = channel;
  return { tid: keep.thread.tid, status: keep.thread.status };
}

/** Stores a and b in both structs, does a system call, and says what stands there after it. */
function add({ keep }: Context, [a, b]: [number, number]) {
  const { udata, nested } = keep.thread.blocks;
  Object.assign(udata, { a, b, result: 0 });
  Object.assign(nested.udata, { a, b, nested_result: 0 });
  process.cpuUsage(); // getrusage(2)
  return [udata.result, nested.udata.nested_result];
}

describeOnKernel('the rows of the __uptr selftest', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;
  let tid: number;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('uptr_rows', bpffs.path);
    map = `${bpffs.path}/datamap`;
    node = await NodeProcess.start();
    const attached = await node.run(attachRows, map);
    expect(attached.status).toEqual({
      state: 'bound',
      map: { path: map, id: reader.maps.datamap!.id, by: 'self' },
      readBy: null,
    });
    tid = attached.tid;
    await reader.set('control', 0, [tid, 0]);
  });

  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const hits = async () =>
    Promise.all([0, 1].map(async (i) => (await reader.get('hits', i)).readBigUInt64LE()));

  test('basic: BPF reads a and b, and writes the result', async () => {
    expect(tid).toBe(node.pid);
    expect(await node.run(add, [1, 2])).toEqual([MAGIC + 3, MAGIC + 3]);
    expect(await node.run(add, [-5, 2])).toEqual([MAGIC - 3, MAGIC - 3]);
  });

  test('lookup from user space reads the pointers as zeroes', async () => {
    const element = await reader.element('datamap', tid);
    expect(element).toEqual(Buffer.alloc(16));
  });

  test("a worker's element is its own", async () => {
    const worker = await node.startWorker();
    const attached = await worker.run(attachRows, map);
    expect(attached.tid).not.toBe(tid);
    await reader.set('control', 0, [attached.tid, 0]);
    expect(await worker.run(add, [10, 20])).toEqual([MAGIC + 30, MAGIC + 30]);
    expect(await node.run(add, [1, 2])).toEqual([0, 0]);
  });

  test('replaced value: another map of the same shape is another binding', async () => {
    const other = mountBpffs();
    const second = await BpfReader.load('uptr_rows', other.path);
    try {
      await second.set('control', 0, [tid, 0]);
      const both = await node.run(({ schedhint, keep }, path) => {
        const first = keep.thread;
        const { attachThread, uptr } = schedhint;
        const value = { udata: keep.data, nested: { udata: keep.data } };
        const next = attachThread({ channel: uptr({ map: path, value }), scoped: true });
        Object.assign(first.blocks.udata, { a: 1, b: 1, result: 0 });
        Object.assign(next.blocks.udata, { a: 2, b: 2, result: 0 });
        process.cpuUsage();
        return [first.blocks.udata.result, next.blocks.udata.result];
      }, `${other.path}/datamap`);
      expect(both).toEqual([MAGIC + 2, MAGIC + 4]);
    } finally {
      await second.close();
      other.unmount();
    }
  });

  test('NULL: where somebody has cleared the pointers BPF writes nothing, and attaching again binds', async () => {
    await reader.replaceElement('datamap', tid, Buffer.alloc(16));
    expect(await node.run(add, [1, 2])).toEqual([0, 0]);
    expect(await reader.element('datamap', tid)).not.toBeNull();
    await node.run(({ keep }) => keep.thread.stop());
    await node.run(attachRows, map);
    expect(await node.run(add, [1, 2])).toEqual([MAGIC + 3, MAGIC + 3]);
  });

  test('delete: after stop() BPF writes nothing more, and the views live on', async () => {
    expect(await node.run(add, [1, 2])).toEqual([MAGIC + 3, MAGIC + 3]);
    await node.run(({ keep }) => keep.thread.stop());
    expect(await reader.element('datamap', tid)).toBeNull();
    const before = await hits();
    expect(await node.run(add, [4, 5])).toEqual([0, 0]);
    expect(await hits()).toEqual(before);
    expect(await node.run(({ keep }) => keep.thread.blocks.udata.a)).toBe(4);
  });

  test('re-add: the same thread binds again, in other memory', async () => {
    await node.run(({ keep }) => {
      keep.old = keep.thread;
      keep.old.stop();
    });
    await node.run(attachRows, map);
    expect(await node.run(add, [7, 8])).toEqual([MAGIC + 15, MAGIC + 15]);
    // The old handle reaches no one.
    await node.run(({ keep }) => {
      keep.old.blocks.udata.a = 1000;
      process.cpuUsage();
    });
    expect(await node.run(({ keep }) => keep.thread.blocks.udata.result)).toBe(MAGIC + 15);
  });

  test('two handles: the element goes with the last one', async () => {
    await node.run(({ schedhint, keep }) => {
      keep.second = schedhint.attachThread({ channel: keep.channel, scoped: true });
      keep.thread.stop();
    });
    expect(await reader.element('datamap', tid)).not.toBeNull();
    await node.run(({ keep }) => keep.second.stop());
    expect(await reader.element('datamap', tid)).toBeNull();
  });

  test('the map destroyed while a thread is bound: stores go on, and the next map is found', async () => {
    const { id } = reader.maps.datamap!;
    const status = () => node.run(({ keep }) => keep.thread.status);
    await reader.close();
    await until('its end is noticed', async () => (await status()).state === 'waiting', status);
    expect(await status()).toMatchObject({ code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
    expect(await node.run(add, [1, 2])).toEqual([0, 0]);
    reader = await BpfReader.load('uptr_rows', bpffs.path);
    expect(reader.maps.datamap!.id).not.toBe(id);
    await reader.set('control', 0, [tid, 0]);
    // No one attaches again.
    await until('the new map is bound', async () => (await status()).state === 'bound', status);
    expect(await status()).toMatchObject({ map: { id: reader.maps.datamap!.id } });
    expect(await node.run(add, [1, 2])).toEqual([MAGIC + 3, MAGIC + 3]);
  });

  test('fork: a child reads and writes its own memory; BPF keeps its parent', async () => {
    const probe = buildNativeProbe();
    const pid = await node.run(({ addon, keep, threadId, require }, file) => {
      const native = require(file) as NativeProbe;
      const { udata, nested } = keep.thread.blocks;
      Object.assign(udata, { a: 20, b: 22, result: 0 });
      Object.assign(nested.udata, { a: 20, b: 22, nested_result: 0 });
      const places = new Float64Array(5);
      addon.attach(keep.channel.request, threadId, true, places);
      keep.probe = native;
      const { size } = keep.channel.request.slots[0];
      return native.fork(new Uint8Array(addon.page(places[0]!)!, places[1], size));
    }, probe);
    // Only the child's system calls from here on, for its parent's element.
    await reader.set('control', 0, [tid, pid]);
    await node.run(({ keep }) => {
      keep.thread.blocks.udata.result = 0;
      keep.child = keep.probe.finishChild();
    });
    const { child, udata } = await node.run(({ keep }) => {
      const { udata } = keep.thread.blocks;
      const { status, found, left } = keep.child;
      const words = (buffer: ArrayBuffer) => [...new Int32Array(buffer, 0, 4)];
      return {
        child: { status, found: words(found), left: words(left) },
        udata: { a: udata.a, b: udata.b, result: udata.result },
      };
    });
    expect(child).toEqual({ status: 0, found: [0, 0, 0, 0], left: [0, 0, 0, 0] });
    expect(udata).toEqual({ a: 20, b: 22, result: MAGIC + 42 });
  });

  test('a thread that ends takes its element along', async () => {
    const worker = await node.startWorker();
    const { tid: ended } = await worker.run(attachRows, map);
    expect(await reader.element('datamap', ended)).not.toBeNull();
    await worker.stop();
    await until(
      'the element is gone',
      async () => (await reader.element('datamap', ended)) === null,
    );
    expect(await reader.element('datamap', tid)).not.toBeNull();
  });
});
