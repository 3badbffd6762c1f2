// A map comes, is replaced, goes: the process follows on its own, whatever its event loops are doing.
// Also where no map could come at first: then its event loops look now and then.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { mapExists } from '../rig/map-exists.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { holdings } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';

/** Attaches, and keeps what it reports from then on. */
function attach({ schedhint, keep, require }: Context, map: string) {
  const { subscribe } = require('node:diagnostics_channel');
  keep.thread = schedhint.attachThread({ map });
  keep.events = [];
  keep.published = [];
  const kind = (status: { state: string; code?: string }) => status.code ?? status.state;
  keep.thread.onStatus((status: never) => keep.events.push(kind(status)));
  subscribe(schedhint.STATUS_CHANNEL, ({ tid, map: pin, status }: never) =>
    keep.published.push([tid, pin, kind(status)]),
  );
  keep.thread.hints.urgency = 321;
  return { status: keep.thread.status, tid: keep.thread.tid as number };
}

const status = ({ keep }: Context) => keep.thread.status;

/** How many threads of ours the process has. */
function watchers({ require }: Context): number {
  const { readdirSync, readFileSync } = require('node:fs') as typeof import('node:fs');
  return readdirSync('/proc/self/task').filter((tid) => {
    try {
      return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').startsWith('schedhint');
    } catch {
      return false; // it has ended since it was listed
    }
  }).length;
}

/** Blocks the event loop, turning on the spot, until the status is of the state. */
function blockUntil({ keep }: Context, state: string): number {
  const giveUp = Date.now() + 60_000;
  while (keep.thread.status.state !== state && Date.now() < giveUp);
  if (keep.thread.status.state !== state) throw new Error(JSON.stringify(keep.thread.status));
  return keep.events.length;
}

describeOnKernel('a process follows its map', () => {
  let bpffs: Bpffs;
  let node: NodeProcess;
  let map: string;
  const observers: Observer[] = [];
  const observe = async (pin = map) => {
    const observer = await Observer.start(pin);
    observers.push(observer);
    return observer;
  };

  /** Waits for events that are on their way: they come soon after the change, not with it. */
  const told = (...kinds: string[]) =>
    until(
      `it is told ${kinds}`,
      async () => String(await node.run(({ keep }) => keep.events)) === String(kinds),
      () => node.run(({ keep }) => keep.events),
    );

  beforeEach(async () => {
    bpffs = mountBpffs();
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    for (const observer of observers.splice(0)) await observer.stop();
    bpffs?.unmount();
  });

  test('one that appears is bound with the event loop blocked, and has the hints already', async () => {
    const { status: before, tid } = await node.run(attach, map);
    expect(before).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
    const bound = node.run(blockUntil, 'bound');
    const observer = await observe();
    expect(await bound).toBe(0); // no event yet: its loop was blocked
    await told('bound');
    expect(await node.run(({ keep }) => keep.published)).toEqual([[tid, map, 'bound']]);
    await until('the observer has read the hints', async () => {
      const threads = await observer.threads();
      return threads.some((thread) => thread.tid === tid && thread.hints?.urgency === 321);
    });
    expect(await node.run(status)).toMatchObject({
      map: { path: map, id: observer.mapId, by: 'self' },
      readBy: { abi: 1, flags: 1 },
    });
  });

  test('a worker is bound too, by the same thread', async () => {
    const worker = await node.startWorker();
    await node.run(attach, map);
    await worker.run(attach, map);
    const bound = worker.run(blockUntil, 'bound');
    await observe();
    await bound;
    expect(await node.run(({ addon }) => addon.counts().bound)).toBe(2);
  });

  test('one that goes is let go: the kernel frees it, and the threads wait', async () => {
    const observer = await observe();
    const { tid } = await node.run(attach, map);
    const before = await node.run(holdings);
    const waiting = node.run(blockUntil, 'waiting');
    await observers.pop()!.stop();
    await waiting;
    await told('ERR_SCHEDHINT_MAP_NOT_FOUND');
    await until('the map is gone', () => !mapExists(observer.mapId));
    const after = await node.run(holdings);
    // The map's, and the thread's.
    expect(after).toMatchObject({ mapsOpen: 0, bound: 0, descriptors: before.descriptors - 2 });
    // It comes again, with the block that there was.
    const bound = node.run(blockUntil, 'bound');
    const again = await observe();
    await bound;
    expect(await node.run(status)).toMatchObject({ map: { id: again.mapId } });
    expect(await node.run(({ keep }) => keep.thread.tid)).toBe(tid);
    expect(await node.run(({ keep }) => keep.thread.hints.urgency)).toBe(321);
  });

  test('another map in its place takes over, and no one has read it yet', async () => {
    // Neither of the two programs shows a thread that it has looked.
    const first = await BpfReader.load('sampler', bpffs.path);
    mkdirSync(`${bpffs.path}/second`);
    const second = await BpfReader.load('sampler', `${bpffs.path}/second`);
    try {
      const { tid } = await node.run(attach, map);
      const earlier = await node.run(({ keep, schedhint }) => {
        // As if the first map's reader had, until now.
        keep.thread.blocks.thread.reader_abi = 1;
        keep.thread.blocks.thread.reader_seen_ns = schedhint.monotonicNs();
        return keep.thread.status;
      });
      expect(earlier).toMatchObject({ state: 'bound', readBy: { abi: 1 } });
      renameSync(`${bpffs.path}/second/schedhint`, map);
      await told('bound');
      const now = await node.run(status);
      expect(now).toMatchObject({ state: 'bound', readBy: null });
      expect(now.map.id).not.toBe(earlier.map.id);
      expect(await second.element('schedhint', tid)).not.toBeNull();
      // The first map still exists, but no longer has the block: two readers would fight over it.
      expect(mapExists(earlier.map.id)).toBe(true);
      expect(await first.element('schedhint', tid)).toBeNull();
    } finally {
      await first.close();
      await second.close();
    }
  });

  test('a pin that is moved away and back: one event for each change', async () => {
    await observe();
    await node.run(attach, map);
    renameSync(map, `${map}-away`);
    await told('ERR_SCHEDHINT_MAP_NOT_FOUND');
    renameSync(`${map}-away`, map);
    await told('ERR_SCHEDHINT_MAP_NOT_FOUND', 'bound');
    expect(await node.run(status)).toMatchObject({ state: 'bound' });
  });

  test('a bpffs that is mounted later, and again after it was unmounted', async () => {
    // Nothing could come here: there is no thread that would look.
    bpffs.unmount();
    const later = mkdtempSync(join(tmpdir(), 'schedhint-later-'));
    const pin = `${later}/schedhint`;
    try {
      const { status: before } = await node.run(attach, pin);
      expect(before).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
      expect(await node.run(watchers)).toBe(0);
      for (const kinds of [['bound'], ['bound', 'ERR_SCHEDHINT_MAP_NOT_FOUND', 'bound']]) {
        execFileSync('mount', ['-t', 'bpf', 'bpf', later]);
        const observer = await Observer.start(pin);
        await told(...kinds);
        await observer.stop();
        await told(...kinds, 'ERR_SCHEDHINT_MAP_NOT_FOUND');
        execFileSync('umount', [later]);
        await until('no one watches', async () => (await node.run(watchers)) === 0);
      }
    } finally {
      rmSync(later, { recursive: true });
      bpffs = mountBpffs();
    }
  });

  test('a bpffs that is mounted over the watched directory, and unmounted', async () => {
    await observe();
    await node.run(attach, map);
    execFileSync('mount', ['-t', 'bpf', 'bpf', bpffs.path]);
    try {
      await node.run(blockUntil, 'waiting');
    } finally {
      execFileSync('umount', [bpffs.path]);
    }
    await node.run(blockUntil, 'bound');
  });

  test('a directory that does not exist yet', async () => {
    const deep = `${bpffs.path}/not/there/yet`;
    const { status: before } = await node.run(attach, `${deep}/schedhint`);
    expect(before).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
    mkdirSync(deep, { recursive: true });
    await observe(`${deep}/schedhint`);
    await node.run(blockUntil, 'bound');
  });

  test('a wrong map in its place is refused, and the right one bound again', async () => {
    await observe();
    await node.run(attach, map);
    renameSync(map, `${map}-away`);
    await node.run(blockUntil, 'waiting');
    const create = ['type', 'hash', 'key', '4', 'value', '16', 'entries', '1', 'name', 'wrong'];
    execFileSync('bpftool', ['map', 'create', map, ...create]);
    await node.run(blockUntil, 'unavailable');
    expect(await node.run(status)).toMatchObject({ code: 'ERR_SCHEDHINT_MAP_TYPE' });
    rmSync(map);
    renameSync(`${map}-away`, map);
    await node.run(blockUntil, 'bound');
    expect(existsSync(map)).toBe(true);
  });

  test('one that flaps costs the watcher next to nothing', async () => {
    await observe();
    await node.run(attach, map);
    const share = await node.run(async ({ require }, pin) => {
      const { readdirSync, readFileSync, renameSync } = require('node:fs');
      const watcher = readdirSync('/proc/self/task').find((tid: string) => {
        try {
          return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').startsWith('schedhint-watch');
        } catch {
          return false; // it has ended since it was listed
        }
      });
      const onCpuNs = () =>
        Number(readFileSync(`/proc/self/task/${watcher}/schedstat`, 'utf8').split(' ')[0]);
      const [from, cpu] = [performance.now(), onCpuNs()];
      for (let i = 0; i < 200; i++) {
        renameSync(pin, `${pin}-away`);
        renameSync(`${pin}-away`, pin);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return (onCpuNs() - cpu) / ((performance.now() - from) * 1e6);
    }, map);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.01); // a share of the time it took, not a time
    await node.run(blockUntil, 'bound');
  });
});
