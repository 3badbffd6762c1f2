// One thread in several channels at the same time: each scheduler's map has the one hint.

import { renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { holdings } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';
import { LayeredReader } from './layered-reader.js';

type Pins = { uptr: string; layered: string };

function attach({ schedhint, keep }: Context, pins: Pins) {
  keep.thread = schedhint.attachThread({
    channels: [schedhint.uptr({ map: pins.uptr }), schedhint.layered({ map: pins.layered })],
    scoped: true,
  });
  keep.states = [];
  keep.thread.onStatus(({ state }: { state: string }) => keep.states.push(state));
  return { tid: keep.thread.tid as number, statuses: keep.thread.statuses };
}

describeOnKernel('several channels at the same time', () => {
  let bpffs: Bpffs;
  let node: NodeProcess;
  let layered: LayeredReader;
  let pins: Pins;

  beforeEach(async () => {
    bpffs = mountBpffs();
    node = await NodeProcess.start({ execArgv: ['--expose-gc'] });
    layered = await LayeredReader.load(bpffs.path, node.pid);
    pins = { uptr: `${bpffs.path}/schedhint`, layered: layered.map };
  });
  afterEach(async () => {
    await node?.kill();
    await layered?.close();
    bpffs?.unmount();
  });

  test('one assignment reaches both, and each has its own status', async () => {
    const observer = await Observer.start(pins.uptr);
    try {
      const { tid, statuses } = await node.run(attach, pins);
      expect(statuses).toMatchObject([
        { state: 'bound', map: { path: pins.uptr } },
        { state: 'bound', map: { path: pins.layered } },
      ]);
      await node.run(({ keep }) => {
        keep.thread.hints.set({ urgency: 321, sliceUs: 5 });
      });
      expect(await layered.hint(tid)).toBe(321);
      await until('the observer has read it', async () =>
        (await observer.threads()).some((one) => one.tid === tid && one.hints?.urgency === 321),
      );
      expect(await node.run(({ keep }) => keep.thread.status)).toMatchObject({
        map: { path: pins.uptr },
      });
      expect(await node.run(({ keep }) => keep.thread.hints.toJSON())).toMatchObject({
        urgency: 321,
        sliceUs: 5,
      });
    } finally {
      await observer.stop();
    }
  });

  test('events of any of them; stop() is of all', async () => {
    const { tid } = await node.run(attach, pins);
    const states = () => node.run(({ keep }) => keep.states);
    expect(await node.run(({ keep }) => keep.thread.status)).toMatchObject({ state: 'waiting' });
    await node.run(({ keep }) => {
      keep.thread.hints.urgency = 4;
    });
    renameSync(pins.layered, `${pins.layered}-away`);
    await until('it is informed', async () => String(await states()) === 'waiting', states);
    renameSync(`${pins.layered}-away`, pins.layered);
    await until('it is informed', async () => String(await states()) === 'waiting,bound', states);
    expect(await layered.hint(tid)).toBe(4);
    await node.run(({ keep }) => keep.thread.stop());
    expect(await layered.hint(tid)).toBe(1);
    const { threads, bindings, bound, mapsOpen } = await node.run(holdings);
    expect([threads, bindings, bound, mapsOpen]).toEqual([0, 0, 0, 0]);
    expect(await node.run(({ keep }) => keep.thread.statuses)).toMatchObject([
      { code: 'ERR_SCHEDHINT_STOPPED' },
      { code: 'ERR_SCHEDHINT_STOPPED' },
    ]);
  });

  test.each([0, 1])('stopped one by one, the %i. first: the other goes on', async (first) => {
    const reader = await BpfReader.load('sampler', bpffs.path);
    const seen = await node.run(
      ({ schedhint, addon, threadId }, { pins, first }) => {
        const channels = [
          schedhint.uptr({ map: pins.uptr }),
          schedhint.layered({ map: pins.layered }),
        ];
        const threads = channels.map((channel) =>
          schedhint.attachThread({ channel, scoped: true }),
        );
        threads[first]!.stop();
        const other = channels[1 - first]!;
        // Not by attachThread(), which would give what it has given before.
        const again = addon.attach(other.request, threadId, true);
        const { threads: count, bindings, bound } = addon.counts();
        addon.release(again);
        const { state } = threads[1 - first]!.status;
        threads[1 - first]!.stop();
        return { count, bindings, bound, state, left: addon.counts().bindings };
      },
      { pins, first },
    );
    await reader.close();
    expect(seen).toEqual({ count: 1, bindings: 1, bound: 1, state: 'bound', left: 0 });
  });

  test('collections are reported to both', async () => {
    const reader = await BpfReader.load('sampler', bpffs.path);
    try {
      const seen = await node.run(({ schedhint, keep }, { uptr, layered }) => {
        const channels = [schedhint.uptr({ map: uptr }), schedhint.layered({ map: layered })];
        const both = channels.map((channel) => schedhint.startGcHints({ channel }));
        keep.both = both;
        (globalThis.gc as () => void)();
        const [count, kept] = both.map(({ thread }) => thread.gc.count);
        return { sources: both.map(({ source }) => source), count: count!, kept };
      }, pins);
      expect(seen.sources).toEqual(['v8', 'v8']);
      expect(seen.count).toBeGreaterThan(0);
      expect(seen.kept).toBe(seen.count);
      const calls = (await layered.calls()).map(({ hint }) => hint);
      expect(calls).toEqual(Array.from({ length: seen.count }, () => [900, 1]).flat());
      await node.run(({ keep }) => {
        for (const one of keep.both) one.stop();
      });
      expect((await node.run(holdings)).bindings).toBe(0);
    } finally {
      await reader.close();
    }
  });

  test('schedhint/register informs scx_layered too, where SCHEDHINT_LAYERED_MAP says so', async () => {
    await node.kill();
    node = await NodeProcess.start({
      execArgv: ['--expose-gc', '--require', 'schedhint/register'],
      env: { SCHEDHINT_LAYERED_MAP: pins.layered, SCHEDHINT_MAP: pins.uptr },
    });
    await layered.watch(node.pid);
    const worker = await node.startWorker();
    for (const thread of [node, worker]) {
      await layered.calls();
      const tid = await thread.run(({ schedhint }) => {
        (globalThis.gc as () => void)();
        const own = schedhint.attachThread({ scoped: true });
        const { tid } = own;
        own.stop();
        return tid;
      });
      const own = (await layered.calls()).filter((call) => call.tid === tid);
      expect(own.slice(0, 2)).toMatchObject([{ hint: 900 }, { hint: 1, before: 900 }]);
    }
  });
});
