// The layered channel against a map as scx_layered makes it: what a scheduler sees, and how many
// calls that took.

import { renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { holdings } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';
import { LayeredReader } from './layered-reader.js';

function attach(
  { schedhint, keep }: Context,
  options: { map: string; gc?: number | null; normal?: number },
) {
  keep.thread = schedhint.attachThread({ channel: schedhint.layered(options), scoped: true });
  return { status: keep.thread.status, tid: keep.thread.tid as number };
}

const setUrgency = ({ keep }: Context, urgency: number) => {
  keep.thread.hints.urgency = urgency;
};

/** Pauses of this thread, on the clock of bpf_ktime_get_ns(), while it collects. */
async function collect({ schedhint, keep, require }: Context, minor: boolean) {
  const { PerformanceObserver } = require('node:perf_hooks') as typeof import('node:perf_hooks');
  keep.hints ??= schedhint.startGcHints({ channel: schedhint.layered({ map: keep.map }) });
  const pauses: [number, number][] = [];
  const differences = Array.from(
    { length: 100 },
    () => Number(schedhint.monotonicNs()) - performance.now() * 1e6,
  );
  const offset = Math.max(...differences);
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      pauses.push([startTime * 1e6 + offset, (startTime + duration) * 1e6 + offset]);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const startNs = Number(schedhint.monotonicNs());
  for (let i = 0; i < 20; i++)
    (globalThis.gc as (options: object) => void)({ type: minor ? 'minor' : 'major' });
  const endNs = Number(schedhint.monotonicNs());
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return { source: keep.hints.source, pauses, startNs, endNs };
}

/** How far the conversion from performance.now() may be off. */
const CLOCKS_NS = 20_000;

describeOnKernel('the layered channel', () => {
  let bpffs: Bpffs;
  let node: NodeProcess;
  let reader: LayeredReader;

  beforeEach(async () => {
    bpffs = mountBpffs();
    node = await NodeProcess.start({ execArgv: ['--expose-gc'] });
    reader = await LayeredReader.load(bpffs.path, node.pid);
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const hints = async () => (await reader.calls()).map(({ hint }) => hint);

  test('a change is one call, the same value none; before the first number there is no element', async () => {
    const { status, tid } = await node.run(attach, { map: reader.map });
    expect(status).toMatchObject({
      state: 'bound',
      map: { path: reader.map, id: reader.mapId, by: 'self' },
      readBy: null,
    });
    await node.run(setUrgency, 0);
    await node.run(({ keep }) => keep.thread.hints.reset());
    expect(await reader.hint(tid)).toBeNull();
    expect(await hints()).toEqual([]);
    await node.run(setUrgency, 512);
    expect(await reader.hint(tid)).toBe(512);
    await node.run(({ keep }) => {
      for (let i = 0; i < 1000; i++) keep.thread.hints.urgency = 512;
      keep.thread.hints.set({ urgency: 512, sliceUs: 10 });
      keep.thread.hints.deadlineNs = 5;
    });
    expect(await hints()).toEqual([512]);
    await node.run(({ keep }) => {
      for (let i = 1; i <= 1000; i++) keep.thread.hints.urgency = i;
    });
    expect(await hints()).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    await node.run(({ keep }) => keep.thread.hints.reset());
    expect(await reader.hint(tid)).toBe(1);
    await node.run(setUrgency, 0);
    expect(await hints()).toEqual([1]);
    expect(await node.run(({ keep }) => keep.thread.hints.sliceUs)).toBe(0);
  });

  test('the mapping: 0 is a hint, null is the normal number; what is not a hint is thrown before anything is written', async () => {
    const { tid } = await node.run(attach, { map: reader.map });
    const seen: unknown[] = [];
    const set = async (urgency: number) => {
      const thrown = await node.run(({ schedhint, keep }, value) => {
        keep.mapped ??= schedhint.attachThread({
          channel: schedhint.layered({
            map: keep.thread.status.map.path,
            normal: 7, // the first channel of a map decides: 1
            urgency: (u) => (u > 1000 ? 2000 : u > 500 ? null : u - 1),
          }),
        });
        try {
          keep.mapped.hints.urgency = value;
          return null;
        } catch (error) {
          return (error as { code: string }).code;
        }
      }, urgency);
      seen.push(thrown ?? (await reader.hint(tid)));
    };
    await set(1);
    await set(500);
    await set(501);
    await set(2);
    await set(1001);
    expect(seen).toEqual([0, 499, 1, 1, 'ERR_SCHEDHINT_FIELD_RANGE']);
    expect(await reader.hint(tid)).toBe(1);
    expect(await node.run(({ keep }) => keep.mapped.hints.urgency)).toBe(2);
  });

  test.each([
    ['full', false],
    ['minor', true],
  ])(
    '%s collections: the hint is there inside each pause, and the app’s own after it',
    async (_, minor) => {
      const { tid } = await node.run(attach, { map: reader.map });
      await node.run(setUrgency, 100);
      await node.run(({ keep }, map) => {
        keep.map = map;
      }, reader.map);
      await reader.calls();
      const { source, pauses, startNs, endNs } = await node.run(collect, minor);
      expect(source).toBe('v8');
      const calls = (await reader.calls()).filter(({ ns }) => ns >= startNs && ns <= endNs);
      const forced = pauses.filter(([start, end]) => start >= startNs && end <= endNs);
      // Node reports pauses within pauses as well; the outermost ones are those that no other holds.
      const outermost = forced.filter(
        ([start, end]) => !forced.some(([s, e]) => s <= start && end <= e && e - s > end - start),
      );
      expect(outermost.length).toBeGreaterThanOrEqual(20);
      expect(calls.length).toBe(2 * outermost.length);
      for (let i = 0; i < calls.length; i += 2) {
        const [enter, leave] = [calls[i]!, calls[i + 1]!];
        expect([enter.hint, leave.hint, enter.before, leave.before]).toEqual([900, 100, 100, 900]);
        expect([enter.tid, leave.tid]).toEqual([tid, tid]);
        // Ours are called before Node's own, which take these times: at the start and at the end.
        const [start, end] = outermost[i / 2]!;
        const [, endBefore] = outermost[i / 2 - 1] ?? [0, startNs];
        for (const [earlier, later] of [
          [endBefore, enter.ns],
          [enter.ns, start],
          [start, leave.ns],
          [leave.ns, end],
        ] as const) {
          expect(later - earlier).toBeGreaterThan(-CLOCKS_NS);
        }
      }
      expect(await reader.hint(tid)).toBe(100);
      // Stopped: collections make no call.
      await node.run(({ keep }) => {
        keep.hints.stop();
        (globalThis.gc as () => void)();
      });
      expect(await hints()).toEqual([]);
    },
  );

  test('normal: the number after the last hint, also when the thread is no longer bound', async () => {
    const { tid } = await node.run(attach, { map: reader.map, normal: 7 });
    await node.run(setUrgency, 900);
    await node.run(setUrgency, 0);
    expect(await reader.hint(tid)).toBe(7);
    await node.run(setUrgency, 900);
    await node.run(({ keep }) => keep.thread.stop());
    expect(await reader.hint(tid)).toBe(7);
    expect(await hints()).toEqual([900, 7, 900, 7]);
    // Attached again, it has its number already and writes only what is new.
    await node.run(attach, { map: reader.map, normal: 7 });
    await node.run(({ keep }) => keep.thread.stop());
    expect(await hints()).toEqual([]);
    expect(await reader.hint(tid)).toBe(7);
  });

  test('gc: null leaves the app’s hint alone; a pause without one ends with the normal number', async () => {
    const { tid } = await node.run(attach, { map: reader.map });
    await node.run(({ schedhint, keep }, map) => {
      keep.hints = schedhint.startGcHints({ channel: schedhint.layered({ map, gc: null }) });
      (globalThis.gc as () => void)();
      keep.hints.stop();
    }, reader.map);
    expect(await hints()).toEqual([]);
    await node.run(({ schedhint, keep }, map) => {
      keep.hints = schedhint.startGcHints({ channel: schedhint.layered({ map, gc: 0 }) });
      (globalThis.gc as () => void)();
      keep.hints.stop();
    }, reader.map);
    const changes = await hints();
    expect(changes.length % 2).toBe(0);
    expect(new Set(changes.filter((_, i) => i % 2 === 0))).toEqual(new Set([0]));
    expect(new Set(changes.filter((_, i) => i % 2 === 1))).toEqual(new Set([1]));
    expect(await reader.hint(tid)).toBe(1);
  });

  test('a parent sets its worker’s hint, and the end of a thread withdraws it', async () => {
    const worker = await node.startWorker();
    const before = await node.run(holdings);
    const { tid } = await worker.run(attach, { map: reader.map });
    await node.run(
      ({ schedhint, workers }, [name, map]) => {
        schedhint.hintsOf(workers.get(name)!, { channel: schedhint.layered({ map }) }).urgency = 77;
      },
      [worker.name, reader.map] as const,
    );
    expect(await reader.hint(tid)).toBe(77);
    expect(await worker.run(({ keep }) => keep.thread.hints.urgency)).toBe(77);
    expect(await node.run(({ addon }) => addon.counts().bound)).toBe(1);
    await reader.calls();
    await worker.stop();
    // The kernel frees the element with the thread, which may outlive its isolate.
    expect(await reader.calls()).toMatchObject([{ hint: 1, before: 77, tid }]);
    const { threads, bindings, bound, mapsOpen, descriptors } = await node.run(holdings);
    expect({ threads, bindings, bound, mapsOpen }).toEqual({
      threads: 0,
      bindings: 0,
      bound: 0,
      mapsOpen: 0,
    });
    // The worker's own went too.
    expect(descriptors).toBeLessThanOrEqual(before.descriptors);
  });

  test('stop() withdraws the hint; the hints live on over private memory', async () => {
    const { tid } = await node.run(attach, { map: reader.map });
    await node.run(setUrgency, 9);
    await node.run(({ keep }) => keep.thread.stop());
    expect(await reader.hint(tid)).toBe(1);
    await node.run(setUrgency, 10);
    expect(await reader.hint(tid)).toBe(1);
    expect(await hints()).toEqual([9, 1]);
    expect(await node.run(({ keep }) => keep.thread.hints.urgency)).toBe(10);
  });

  test('a map that appears, goes and comes back gets the hint of the moment', async () => {
    const away = `${reader.map}-away`;
    renameSync(reader.map, away);
    const { status, tid } = await node.run(attach, { map: reader.map });
    expect(status).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
    await node.run(setUrgency, 300);
    const state = () => node.run(({ keep }) => keep.thread.status.state);
    renameSync(away, reader.map);
    await until('it is bound', async () => (await state()) === 'bound');
    expect(await reader.hint(tid)).toBe(300);
    renameSync(reader.map, away);
    await until('it is let go', async () => (await state()) === 'waiting');
    expect(await reader.hint(tid)).toBe(1);
    await node.run(setUrgency, 301);
    renameSync(away, reader.map);
    await until('it is bound again', async () => (await state()) === 'bound');
    expect(await reader.hint(tid)).toBe(301);
    expect(await hints()).toEqual([300, 1, 301]);
  });

  test('another value is refused, and says what to do', async () => {
    const { status } = await node.run(attach, { map: `${bpffs.path}/watched` });
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_TYPE' });
    const uptr = await node.run(({ schedhint }, map) => {
      return schedhint.attachThread({ map }).status;
    }, reader.map);
    expect(uptr).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
  });
});
