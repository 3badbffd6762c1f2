import { afterEach, beforeEach, expect, test } from 'vitest';
import { standardRequest } from '../../packages/core/src/channel/standard.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess, type NodeWorker } from '../rig/node-process.js';
import { PAGE_SIZE } from '../rig/page-size.js';
import { settledPins, untilPinnedAtMost } from '../rig/pinned-pages.js';
import { holdings, untilQuarantineIsOver } from '../rig/resource-counts.js';

function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map, scoped: true });
  return { tid: keep.thread.tid, state: keep.thread.status.state };
}

/** Of the standard block, bytes; and the offset in it of the time of the attach. */
const { size: BLOCK, attachNs: ATTACH_NS } = standardRequest({ map: '', broker: '' }).slots[0]!;

interface Where {
  readonly map: string;
  readonly probe: string;
}

/** Where the calling thread's block lies. */
function placeOfBlock({ schedhint, addon, require, threadId }: Context, { map, probe }: Where) {
  const native = require(probe) as NativeProbe;
  const places = new Float64Array(5);
  const handle = addon.attach(schedhint.uptr({ map }).request, threadId, true, places);
  const place = native.place(new Uint8Array(addon.page(places[0]!)!, places[1], 256));
  addon.release(handle);
  return place;
}

describeOnKernel('memory', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;
  let probe: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
    probe = buildNativeProbe();
    // Blocks are counted, and that of libuv's threads comes at any time.
    node = await NodeProcess.start({ env: { SCHEDHINT_HELPERS: 'off' } });
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const workers = (count: number) =>
    Promise.all(Array.from({ length: count }, () => node.startWorker()));

  test('64 threads share the pages that they need, and no block crosses one', async () => {
    const pages = Math.ceil((64 * BLOCK) / PAGE_SIZE);
    const threads: (NodeProcess | NodeWorker)[] = [node, ...(await workers(63))];
    const attached = await Promise.all(threads.map((thread) => thread.run(attach, map)));
    expect(new Set(attached.map(({ tid }) => tid)).size).toBe(64);
    // The kernel pins one page for a pointer and refuses a struct that crosses into another.
    expect(attached.map(({ state }) => state)).toEqual(Array(64).fill('bound'));
    const places = await Promise.all(
      threads.map((thread) => thread.run(placeOfBlock, { map, probe })),
    );
    expect(new Set(places.map(({ page }) => page)).size).toBe(pages);
    expect(new Set(places.map(({ page, offset }) => page * PAGE_SIZE + offset)).size).toBe(64);
    for (const { offset } of places) expect(offset % BLOCK).toBe(0);
    // And one page for the process's block.
    expect(await node.run(({ addon }) => addon.counts())).toMatchObject({
      threads: 64,
      bound: 64,
      pages: pages + 1,
      mapsOpen: 1,
      blocksUsed: 65,
    });
  });

  test('200 workers started and ended leave nothing', async () => {
    await node.run(attach, map);
    // What Node.js and we set up once, for the first worker.
    const first = await node.startWorker();
    await first.run(attach, map);
    await first.stop();
    await untilQuarantineIsOver(node);
    const before = await node.run(holdings);
    const pinsBefore = await settledPins();

    const ended: number[] = [];
    for (let wave = 0; wave < 10; wave++) {
      const all = await workers(20);
      for (const { tid, state } of await Promise.all(
        all.map((worker) => worker.run(attach, map)),
      )) {
        expect(state).toBe('bound');
        ended.push(tid);
      }
      expect((await node.run(holdings)).bound).toBe(21);
      // Half of them in the middle of things.
      await Promise.all(all.map((worker, i) => worker.stop(i % 2 === 0 ? 'end' : 'terminate')));
    }

    await untilQuarantineIsOver(node);
    const after = await node.run(holdings);
    const { blocksFree, pages, ...fixed } = before;
    expect(after).toMatchObject(fixed);
    // Waves of 20 come from the same few pages.
    expect(after.pages - pages).toBeLessThanOrEqual(3);
    expect(after.blocksFree - blocksFree).toBeLessThanOrEqual(3 * (PAGE_SIZE / BLOCK));
    expect(ended).toHaveLength(200);
    for (const tid of new Set(ended)) {
      expect(await reader.element('schedhint', tid)).toBeNull();
    }
    await untilPinnedAtMost(pinsBefore);
  });

  test('a block is reused only out of quarantine, and comes zeroed', async () => {
    const place = () => node.run(placeOfBlock, { map, probe });
    await node.run(({ schedhint, keep }, path) => {
      keep.thread = schedhint.attachThread({ map: path, scoped: true });
      keep.thread.hints.set({ urgency: 77, sliceUs: 1, deadlineNs: 2, user: 2n ** 64n - 1n });
    }, map);
    const first = await place();
    await node.run(({ keep }) => keep.thread.stop());
    const quarantined = await node.run(holdings);
    expect(quarantined).toMatchObject({ blocksUsed: 0, blocksQuarantined: 2, bound: 0 });

    await node.run(attach, map);
    expect(await place()).not.toEqual(first);
    await node.run(({ keep }) => keep.thread.stop());
    await untilQuarantineIsOver(node);

    // Now it may come back, and the pool hands out what came back last.
    const seen = await node.run(
      ({ schedhint, addon, require }, where) => {
        const native = require(where.probe) as NativeProbe;
        const { request } = schedhint.uptr({ map: where.map });
        const places = new Float64Array(5);
        return Array.from({ length: where.count }, (_, i) => {
          addon.attach(request, 1000 + i, false, places);
          const block = new Uint8Array(addon.page(places[0]!)!, places[1], where.size);
          // The time of the attach is there already.
          new BigUint64Array(block.buffer, block.byteOffset, where.size / 8)[where.attachNs! / 8] =
            0n;
          return { place: native.place(block), bytes: [...block] };
        });
      },
      { map, probe, size: BLOCK, attachNs: ATTACH_NS, count: PAGE_SIZE / BLOCK },
    );
    const again = seen.find(
      ({ place: { page, offset } }) => page === first.page && offset === first.offset,
    );
    expect(again?.bytes).toEqual(Array(BLOCK).fill(0));
    expect((await node.run(holdings)).pages).toBe(quarantined.pages);
  });
});
