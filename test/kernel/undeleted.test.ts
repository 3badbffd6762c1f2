// The process has no descriptor left, or the kernel refuses to delete an element: no thread is ever
// seen with another thread's hints, and no two maps have one block.

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { Peek } from '../rig/peek.js';
import { untilQuarantineIsOver } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';

type Hints = { map: string; urgency: number; user: bigint };

function attach({ schedhint, keep }: Context, { map, urgency, user }: Hints) {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  keep.thread.hints.set({ urgency, user });
  return { tid: keep.thread.tid as number, status: keep.thread.status };
}

const codeOf = ({ keep }: Context) => keep.thread.status.code ?? keep.thread.status.state;
const stop = ({ keep }: Context) => keep.thread.stop();

/** Opens files until the kernel refuses one more. @returns its refusal */
function useUpDescriptors({ keep, require }: Context): string {
  const { openSync } = require('node:fs') as typeof import('node:fs');
  keep.taken ??= [];
  for (;;) {
    try {
      keep.taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code!;
    }
  }
}

function giveDescriptorsBack({ keep, require }: Context): void {
  const { closeSync } = require('node:fs') as typeof import('node:fs');
  for (const fd of keep.taken.splice(0)) closeSync(fd);
}

function refuseDeletes({ require }: Context, probe: string): void {
  (require(probe) as NativeProbe).refuseDeletes();
}

describeOnKernel('an element that is hard to delete', () => {
  let bpffs: Bpffs;
  let peek: Peek;
  let node: NodeProcess;
  let map: string;
  const probe = buildNativeProbe();

  beforeEach(async () => {
    bpffs = mountBpffs();
    peek = await Peek.load(bpffs.path);
    map = peek.map;
    node = await NodeProcess.start();
    execFileSync('prlimit', ['--pid', String(node.pid), '--nofile=200:']);
  });
  afterEach(async () => {
    await node?.kill();
    await peek?.close();
    bpffs?.unmount();
  });

  test('no descriptor is left: a handle is stopped, and no other thread’s hints are seen as its own', async () => {
    const [a, b] = [await node.startWorker(), await node.startWorker()];
    const { tid } = await a.run(attach, { map, urgency: 11, user: 1111n });
    expect(await peek.at(tid)).toEqual({ urgency: 11, user: 1111n });

    expect(await node.run(useUpDescriptors)).toBe('EMFILE');
    await a.run(stop);
    expect(await node.run(useUpDescriptors)).toBe('EMFILE'); // and it was until now
    expect(await peek.hasElement(tid)).toBe(false);

    await node.run(giveDescriptorsBack);
    await untilQuarantineIsOver(node);
    const other = await b.run(attach, { map, urgency: 777, user: 7777n });
    expect(await peek.at(other.tid)).toEqual({ urgency: 777, user: 7777n });
    expect(await peek.at(tid)).toBeNull();
  });

  test('no descriptor is left: the pin is replaced, and the map before has no block any more', async () => {
    mkdirSync(`${bpffs.path}/second`);
    const second = await Peek.load(`${bpffs.path}/second`);
    try {
      const { tid } = await node.run(attach, { map, urgency: 11, user: 1111n });
      const worker = await node.startWorker();
      const other = await worker.run(attach, { map, urgency: 12, user: 1212n });
      expect(await node.run(useUpDescriptors)).toBe('EMFILE');
      renameSync(second.map, map);
      // It needs no more descriptors for the second map than it had for the first.
      const mapId = () => node.run(({ keep }) => keep.thread.status.map?.id);
      await until('it has the second map', async () => (await mapId()) === second.mapId, mapId);
      expect(await node.run(useUpDescriptors)).toBe('EMFILE');
      for (const [one, hints] of [
        [tid, { urgency: 11, user: 1111n }],
        [other.tid, { urgency: 12, user: 1212n }],
      ] as const) {
        expect(await peek.hasElement(one)).toBe(false);
        expect(await second.at(one)).toEqual(hints);
      }
      await node.run(giveDescriptorsBack);
    } finally {
      await second.close();
    }
  });

  test('no descriptor is left: the main thread’s handle is stopped, and its element leads to the process alone', async () => {
    const worker = await node.startWorker();
    const { tid } = await node.run(attach, { map, urgency: 11, user: 1111n });
    await worker.run(attach, { map, urgency: 12, user: 1212n });
    expect(await node.run(useUpDescriptors)).toBe('EMFILE');
    await node.run(stop);
    expect([await peek.hasElement(tid), await peek.at(tid)]).toEqual([true, null]);
    await node.run(giveDescriptorsBack);
  });

  test('one descriptor is left, and a worker’s map takes it: the main thread’s element comes later', async () => {
    mkdirSync(`${bpffs.path}/second`);
    const second = await Peek.load(`${bpffs.path}/second`);
    try {
      const worker = await node.startWorker();
      await worker.run(attach, { map, urgency: 11, user: 1111n });
      expect(await node.run(useUpDescriptors)).toBe('EMFILE');
      await node.run(({ keep, require }) => require('node:fs').closeSync(keep.taken.pop()));
      const { status } = await worker.run(attach, { map: second.map, urgency: 1, user: 1n });
      expect(status).toMatchObject({ state: 'bound', map: { id: second.mapId } });
      expect(await node.run(useUpDescriptors)).toBe('EMFILE');
      expect(await second.hasElement(node.pid)).toBe(false);
      await node.run(giveDescriptorsBack);
      await until('it is there', () => second.hasElement(node.pid));
    } finally {
      await node.kill();
      await second.close();
    }
  });

  test('the kernel refuses it: tried again each second, elsewhere if need be', async () => {
    const [a, other] = [await node.startWorker(), await node.startWorker()];
    // This one starts the watcher, to which nothing is refused then.
    await other.run(attach, { map, urgency: 5, user: 5n });
    await a.run(refuseDeletes, probe);
    const { tid } = await a.run(attach, { map, urgency: 11, user: 1111n });
    await a.run(stop);
    await until('its element is gone', async () => !(await peek.hasElement(tid)));
    await other.run(stop);
    await untilQuarantineIsOver(node);
    expect((await node.run(({ addon }) => addon.counts())).blocksUsed).toBe(0);
  });

  test('the kernel goes on refusing it: no one else gets the block while the thread lives', async () => {
    // Nor can the threads that it starts now, the watcher among them.
    await node.run(refuseDeletes, probe);
    const a = await node.startWorker();
    const { tid } = await a.run(attach, { map, urgency: 11, user: 1111n });
    await a.run(stop);
    expect(await peek.at(tid)).toEqual({ urgency: 11, user: 1111n });
    const { blocksUsed } = await node.run(({ addon }) => addon.counts());
    expect(blocksUsed).toBe(2); // the thread's, and its process's

    // More threads than blocks in a page, so that whatever is free is handed out.
    await node.run(({ schedhint, addon }, pin) => {
      const { request } = schedhint.uptr({ map: pin });
      for (let i = 0; i < 40; i++) addon.attach(request, 1000 + i, false, new Float64Array(5));
    }, map);
    const others = await Promise.all(Array.from({ length: 4 }, () => node.startWorker()));
    for (const [i, other] of others.entries()) {
      await other.run(attach, { map, urgency: 100 + i, user: 7777n });
    }
    expect(await peek.at(tid)).toEqual({ urgency: 11, user: 1111n });

    // The thread itself is not bound again either: the two elements would be one.
    const again = await a.run(attach, { map, urgency: 22, user: 2222n });
    expect(again.status).toMatchObject({
      state: 'waiting',
      code: 'ERR_SCHEDHINT_UNBIND_REFUSED',
      reason: expect.stringMatching(/BPF_MAP_DELETE_ELEM: EPERM.*again each second/),
    });
    // With the thread the kernel's element goes, and the block comes back.
    await a.stop();
    for (const other of others) await other.stop();
    await until(
      'only those attached for other threads are used, and what the main thread’s element leads to',
      async () => (await node.run(({ addon }) => addon.counts())).blocksUsed === 42,
      () => node.run(({ addon }) => addon.counts()),
    );
  });

  test('the kernel refuses it while the pin is replaced: no two maps have the block', async () => {
    mkdirSync(`${bpffs.path}/second`);
    const second = await Peek.load(`${bpffs.path}/second`);
    try {
      await node.run(refuseDeletes, probe);
      const a = await node.startWorker();
      const { tid } = await a.run(attach, { map, urgency: 11, user: 1111n });
      renameSync(second.map, map);
      const code = () => a.run(codeOf);
      await until('it waits', async () => (await code()) === 'ERR_SCHEDHINT_UNBIND_REFUSED', code);
      expect(await peek.at(tid)).toEqual({ urgency: 11, user: 1111n });
      expect(await second.at(tid)).toBeNull();
      // The main thread's element leads to the process's block, which all threads share.
      const late = await node.run(attach, { map, urgency: 33, user: 3333n });
      expect(late.status).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_UNBIND_REFUSED' });
      expect(await peek.hasElement(late.tid)).toBe(true);
      expect(await second.hasElement(late.tid)).toBe(false);
    } finally {
      await second.close();
    }
  });
});
