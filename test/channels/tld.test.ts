// Task local data against BPF programs that read it as the protocol says, in each of its layouts:
// the rows of the kernel's own tests of it, and what is ours.

import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { holdings, untilQuarantineIsOver } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';
import { type Layout, TldReader } from './tld-reader.js';

const MAJOR = 2n; // of GcKind

/** With one key of the application's own, and those of the hints. */
function attach({ schedhint, keep }: Context, map: string) {
  const { tld, u64 } = schedhint;
  keep.channel = tld({ map, keys: { own: u64 } });
  keep.thread = schedhint.attachThread({ channel: keep.channel, scoped: true });
  return { status: keep.thread.status, tid: keep.thread.tid as number };
}

/** The codes that creating int keys, one after the other, ends with; '' for one that was made. */
function createInts({ schedhint, keep }: Context, [map, count]: [string, number]): string[] {
  const codes: string[] = [];
  for (let i = 0; i < count; i++) {
    try {
      const keys = { [`int_${i}`]: schedhint.i32 };
      const channel = schedhint.tld({ map, keys, hints: {}, dynamicBytes: keep.dynamicBytes });
      schedhint.attachThread({ channel });
      codes.push('');
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  }
  return codes;
}

/** Attaches with keys of some sizes; the code of what that throws. */
function codeOf({ schedhint }: Context, [map, sizes]: [string, Record<string, number>]): string {
  const { array, attachThread, tld, u8 } = schedhint;
  const keys = Object.fromEntries(Object.entries(sizes).map(([name, n]) => [name, array(u8, n)]));
  try {
    attachThread({ channel: tld({ map, keys, hints: {} }), scoped: true }).stop();
    return '';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

let bpffs: Bpffs;
let node: NodeProcess;
let reader: TldReader;

async function load(layout: Layout | 'c_short_names') {
  reader = await TldReader.load(layout, bpffs.path);
}

const around = () => {
  beforeEach(async () => {
    bpffs = mountBpffs();
    node = await NodeProcess.start({ execArgv: ['--expose-gc'] });
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });
};

for (const layout of ['a', 'b', 'c'] as const) {
  describeOnKernel(`task local data, layout ${layout}`, () => {
    around();
    beforeEach(() => load(layout));

    test('basic: 32 threads write, BPF reads each one’s own and rewrites it', async () => {
      const workers = await Promise.all(Array.from({ length: 32 }, () => node.startWorker()));
      const tids: number[] = [];
      for (const [i, worker] of workers.entries()) {
        const { status, tid } = await worker.run(attach, reader.map);
        expect(status).toMatchObject({ state: 'bound', map: { id: reader.mapId, by: 'self' } });
        await worker.run(({ keep }, n) => {
          keep.thread.blocks.own = 2n ** 40n + BigInt(n);
          keep.thread.hints.urgency = n + 1;
        }, i);
        tids.push(tid);
      }
      const places = new Set<string>();
      for (const [i, tid] of tids.entries()) {
        const own = await reader.find(tid, 'own', 8, 1000 + i);
        expect(own).toMatchObject({ index: 0, offset: 0, count: 10, dataBytes: 72 + 9 * 8 });
        expect(own.value).toBe(2n ** 40n + BigInt(i));
        const urgency = await reader.find(tid, 'schedhint_urgency');
        expect(urgency).toMatchObject({ index: 1, offset: 8, value: BigInt(i + 1) });
        expect((await reader.find(tid, 'int_0')).index).toBe('no such key');
        places.add(String(own.start));
        expect(own.start % 8).toBe(0);
      }
      // One page for each thread, or 16 threads of 256 bytes in a page.
      expect(places.size).toBe(layout === 'c' ? 16 : 1);
      const { pages } = await node.run(({ addon }) => addon.counts());
      expect(pages).toBe(layout === 'c' ? 1 + 2 : 1 + 32);
      for (const [i, worker] of workers.entries()) {
        expect(await worker.run(({ keep }) => keep.thread.blocks.own)).toBe(1000n + BigInt(i));
      }
    });

    test('basic: a key too large, one that exists, 63 keys and no more', async () => {
      expect(await node.run(codeOf, [reader.map, { large: 4089 }])).toBe('ERR_SCHEDHINT_TLD_SPACE');
      expect(await node.run(codeOf, [reader.map, { k: 16 }])).toBe('');
      expect(await node.run(codeOf, [reader.map, { k: 16 }])).toBe('');
      expect(await node.run(codeOf, [reader.map, { k: 15 }])).toBe('ERR_SCHEDHINT_TLD_KEY_SIZE');
      await node.kill();
      node = await NodeProcess.start();
      const sizes = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`key_${i}`, 4]));
      expect(await node.run(codeOf, [reader.map, sizes])).toBe('');
      expect(await node.run(codeOf, [reader.map, { key_63: 1 }])).toBe('ERR_SCHEDHINT_TLD_KEYS');
      expect(await node.run(codeOf, [reader.map, { key_62: 4 }])).toBe('');
    });

    test.each([
      [64, 8],
      [0, 0],
    ])('dynamic: with %i bytes for later keys there are %i of them', async (bytes, fit) => {
      const tid = await node.run(
        ({ schedhint, keep }, [map, dynamicBytes]) => {
          keep.dynamicBytes = dynamicBytes;
          const keys = { fixed: schedhint.u32 };
          keep.thread = schedhint.attachThread({
            channel: schedhint.tld({ map, keys, hints: {}, dynamicBytes }),
          });
          keep.thread.blocks.fixed = 4711;
          return keep.thread.tid as number;
        },
        [reader.map, bytes] as const,
      );
      const codes = await node.run(createInts, [reader.map, fit + 1]);
      expect(codes).toEqual([...Array(fit).fill(''), 'ERR_SCHEDHINT_TLD_SPACE']);
      const found = await reader.find(tid, 'fixed', 4);
      expect(found).toMatchObject({ value: 4711n, count: 1 + fit, dataBytes: 8 + bytes });
      for (let i = 0; i < fit; i++) {
        expect(await reader.find(tid, `int_${i}`, 4)).toMatchObject({ offset: 8 + 8 * i });
      }
    });

    test('collections are seen while they last; hints have the documented names', async () => {
      const { tid } = await node.run(attach, reader.map);
      await node.run(({ schedhint, keep }) => {
        keep.gc = schedhint.startGcHints({ channel: keep.channel });
        keep.thread.hints.set({ sliceUs: 2, deadlineNs: 3n, user: 4n, phase: 'draining' });
        keep.thread.hints.urgency = 1;
        keep.heap = Array.from({ length: 200_000 }, (_, i) => ({ i }));
      });
      const values: Record<string, bigint> = {};
      for (const name of ['urgency', 'slice_us', 'deadline_ns', 'user', 'phase']) {
        values[name] = (await reader.find(tid, `schedhint_${name}`)).value;
      }
      expect(values).toEqual({
        urgency: 1n,
        slice_us: 2n,
        deadline_ns: 3n,
        user: 4n,
        phase: 3n,
      });
      expect((await reader.find(tid, 'schedhint_gc')).index).toBe(7);
      // The thread waits for V8's helpers in a full collection, so it leaves its CPU.
      await until('a pause was seen at a switch', async () => {
        await node.run(() => (globalThis.gc as () => void)());
        return ((await reader.bitsAtSwitches()) & MAJOR) !== 0n;
      });
      const since = (await reader.find(tid, 'schedhint_gc_since_ns')).value;
      expect(since).toBeGreaterThan(0n);
      expect(since).toBeLessThan(process.hrtime.bigint());
      await until('it is known how long they take', async () => {
        await node.run(() => (globalThis.gc as () => void)());
        return (await reader.find(tid, 'schedhint_gc_expect_us')).value > 1n;
      });
      expect(await node.run(({ keep }) => keep.gc.source)).toBe('v8');
    });
  });
}

describeOnKernel('task local data', () => {
  around();

  test('the LAVD fork’s keys: in its order, in its units, and nothing else', async () => {
    await load('c');
    const tid = await node.run(({ schedhint, keep }, map) => {
      const { tld, u64n } = schedhint;
      const channel = tld({
        map,
        keys: { slice_ms: u64n, lat_cri: u64n, smt_exclusive: u64n },
        hints: { sliceUs: { key: 'slice_ms', per: 1000 }, urgency: 'lat_cri' },
      });
      keep.thread = schedhint.attachThread({ channel });
      keep.thread.hints.set({ sliceUs: 13_001, urgency: 1024, user: 5n });
      keep.thread.blocks.smt_exclusive = 1;
      return keep.thread.tid as number;
    }, reader.map);
    const seen = [];
    for (const name of ['slice_ms', 'lat_cri', 'smt_exclusive']) {
      const { index, offset, value, count } = await reader.find(tid, name);
      seen.push([index, offset, value, count]);
    }
    expect(seen).toEqual([
      [0, 0, 14n, 3],
      [1, 8, 1024n, 3],
      [2, 16, 1n, 3],
    ]);
    expect(
      await node.run(({ keep }) => [keep.thread.hints.toJSON(), keep.thread.blocks.toJSON()]),
    ).toEqual([
      { urgency: 1024, batch: false, sliceUs: 14_000, deadlineNs: '0', user: '5', phase: 'none' },
      { slice_ms: 14, lat_cri: 1024, smt_exclusive: 1 },
    ]);
  });

  test('a thread that comes before its map is served by any; one that shares a page is not', async () => {
    for (const layout of ['b', 'c'] as const) mkdirSync(`${bpffs.path}/${layout}`);
    const b = await TldReader.load('b', `${bpffs.path}/b`);
    const c = await TldReader.load('c', `${bpffs.path}/c`);
    const map = `${bpffs.path}/tld_data_map`;
    const state = (worker: Pick<NodeProcess, 'run'>) => () =>
      worker.run(({ keep }) => keep.thread.status.code ?? keep.thread.status.map.id);
    const becomes = (worker: Pick<NodeProcess, 'run'>, what: unknown) =>
      until(`it is ${what}`, async () => (await state(worker)()) === what, state(worker));
    try {
      const early = await node.run(attach, map);
      expect(early.status).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
      await node.run(({ keep }) => {
        keep.thread.blocks.own = 42n;
      });
      renameSync(c.map, map);
      await becomes(node, c.mapId);
      expect(await c.find(early.tid, 'own')).toMatchObject({ value: 42n, start: 8 });
      const worker = await node.startWorker();
      const late = await worker.run(attach, map);
      await worker.run(({ keep }) => {
        keep.thread.blocks.own = 43n;
      });
      expect(await c.find(late.tid, 'own')).toMatchObject({ value: 43n });
      renameSync(map, c.map);
      renameSync(b.map, map);
      await becomes(node, b.mapId);
      await becomes(worker, 'ERR_SCHEDHINT_TLD_SHARED_PAGE');
      expect(await b.find(early.tid, 'own')).toMatchObject({ value: 42n });
      expect((await b.find(late.tid, 'own')).index).toBe('no element');
      expect(await c.element(late.tid)).toBeNull();
      renameSync(map, b.map);
      renameSync(c.map, map);
      await becomes(worker, c.mapId);
      expect(await c.find(late.tid, 'own')).toMatchObject({ value: 43n });
      await worker.run(({ keep }) => {
        keep.thread.blocks.own = 44n;
      });
      expect(await c.find(late.tid, 'own')).toMatchObject({ value: 44n });
      renameSync(map, c.map);
    } finally {
      await b.close();
      await c.close();
    }
  });

  test('values of a worker are its parent’s to set; with its end they are zero for the next', async () => {
    await load('c');
    const worker = await node.startWorker();
    const { tid } = await worker.run(attach, reader.map);
    await worker.run(({ keep }) => {
      keep.thread.blocks.own = 7n;
    });
    await node.run(
      ({ schedhint, workers }, [name, map]) => {
        const channel = schedhint.tld({ map, keys: { own: schedhint.u64 } });
        schedhint.hintsOf(workers.get(name)!, { channel }).urgency = 77;
      },
      [worker.name, reader.map] as const,
    );
    expect((await reader.find(tid, 'schedhint_urgency')).value).toBe(77n);
    expect(await worker.run(({ keep }) => keep.thread.hints.urgency)).toBe(77);
    await worker.stop();
    const { threads, bindings, bound, mapsOpen, blocksUsed } = await node.run(holdings);
    expect([threads, bindings, bound, mapsOpen, blocksUsed]).toEqual([0, 0, 0, 0, 0]);
    await untilQuarantineIsOver(node);
    const { tid: next } = await node.run(attach, reader.map);
    const found = await reader.find(next, 'own');
    expect(found).toMatchObject({ index: 0, value: 0n });
    expect((await reader.find(next, 'schedhint_urgency')).value).toBe(0n);
  });

  test('stop: BPF sees no more of it, and JavaScript keeps the values', async () => {
    await load('b');
    const { tid } = await node.run(attach, reader.map);
    const read = ({ keep }: Context) => [keep.thread.blocks.own, keep.thread.hints.urgency];
    await node.run(({ keep }) => {
      keep.thread.blocks.own = 1n;
      keep.thread.hints.urgency = 2;
      keep.thread.stop();
    });
    expect((await reader.find(tid, 'own')).index).toBe('no element');
    expect(await node.run(read)).toEqual([1n, 2]);
    await node.run(({ keep }) => {
      keep.thread.hints.urgency = 3;
    });
    expect(await node.run(read)).toEqual([1n, 3]);
  });

  test('a scheduler that was built with another TLD_NAME_LEN is refused: it would not find all names', async () => {
    await load('c_short_names');
    const { status } = await node.run(attach, reader.map);
    expect(status).toMatchObject({
      state: 'unavailable',
      code: 'ERR_SCHEDHINT_MAP_LAYOUT',
      reason: expect.stringMatching(/4068 bytes, not 4036.*TLD_NAME_LEN/),
    });
    expect(await reader.element(node.pid)).toBeNull();
  });

  test.each([
    [undefined, 64],
    ['512', 512],
  ])(
    'schedhint/register lays the values out first, with %s bytes for those of the app',
    async (bytes, room) => {
      await load('c');
      await node.kill();
      node = await NodeProcess.start({
        execArgv: ['--require', createRequire(import.meta.url).resolve('schedhint/register')],
        env: {
          SCHEDHINT_TLD_MAP: reader.map,
          ...(bytes === undefined ? {} : { SCHEDHINT_TLD_DYNAMIC_BYTES: bytes }),
        },
      });
      const message = await node.run(({ schedhint }, map) => {
        const { array, attachThread, tld, u8 } = schedhint;
        try {
          attachThread({ channel: tld({ map, keys: { large: array(u8, 4000) }, hints: {} }) });
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      }, reader.map);
      expect(message).toMatch(`no room for large of 4000 bytes: ${room} bytes are left`);
      expect(message).toMatch('SCHEDHINT_TLD_DYNAMIC_BYTES');
      expect(await node.run(codeOf, [reader.map, { fits: room }])).toBe('');
      expect(await node.run(codeOf, [reader.map, { more: 1 }])).toBe('ERR_SCHEDHINT_TLD_SPACE');
      expect(await reader.find(node.pid, 'schedhint_gc')).toMatchObject({ count: 10 });
    },
  );

  test('a map of another kind is refused, and says what to do', async () => {
    await load('a');
    const { status } = await node.run(attach, `${bpffs.path}/questions`);
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_TYPE' });
  });
});
