import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Addon } from '@schedhint/native';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { standardGcRequest } from '../../packages/core/src/channel/standard.js';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { NodeProcess } from '../rig/node-process.js';

const addonFile = fileURLToPath(
  new URL(`../../packages/native/prebuilds/linux-${process.arch}/schedhint.node`, import.meta.url),
);
const openAddonSource = fileURLToPath(
  new URL('../../packages/native/ts/open-addon.ts', import.meta.url),
);

describeOnKernel('copies in one process', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;
  let elsewhere: string;

  let opener: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
    elsewhere = mkdtempSync(join(tmpdir(), 'schedhint-copy-'));
    // The package does not export it.
    opener = join(elsewhere, 'open-addon.cjs');
    buildSync({
      ...{ entryPoints: [openAddonSource], outfile: opener, bundle: true },
      ...{ platform: 'node', format: 'cjs' },
    });
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
    rmSync(elsewhere, { recursive: true, force: true });
  });

  test('of the addon: one registry, one block, one count', async () => {
    const copy = join(elsewhere, 'schedhint.node');
    copyFileSync(addonFile, copy);
    const { places, counts, after } = await node.run(
      ({ schedhint, addon, require, threadId }, files) => {
        const { openAddon } = require(files.opener) as { openAddon(file: string): Addon };
        const other = openAddon(files.copy);
        const { place } = require(files.probe) as NativeProbe;
        if (other === addon) throw new Error('not another copy');
        const { request } = schedhint.uptr({ map: files.map });
        const told = new Float64Array(5);
        const attachIn = (copy: Addon) => {
          const handle = copy.attach(request, threadId, true, told);
          return { handle, place: place(new Uint8Array(copy.page(told[0]!)!, told[1], 128)) };
        };
        const [first, second] = [attachIn(addon), attachIn(other)];
        const places = [first.place, second.place];
        const counts = [addon.counts(), other.counts()];
        addon.release(first.handle);
        const after = other.counts();
        return { places, counts, after };
      },
      { map, copy, opener, probe: buildNativeProbe() },
    );
    expect(places[0]).toEqual(places[1]);
    expect(counts[0]).toEqual(counts[1]);
    expect(counts[0]).toMatchObject({ threads: 1, bindings: 1, bound: 1 });
    // The second copy's handle keeps it.
    expect(after).toMatchObject({ bindings: 1, bound: 1 });
    expect(await reader.element('schedhint', node.pid)).not.toBeNull();
  });

  test('of the addon: the collector is published once, whichever copy was asked', async () => {
    const copy = join(elsewhere, 'schedhint.node');
    copyFileSync(addonFile, copy);
    const { source, started, counted, seen } = await node.run(
      async ({ schedhint, require, threadId }, file) => {
        const v8 = require('node:v8') as typeof import('node:v8');
        const vm = require('node:vm') as typeof import('node:vm');
        v8.setFlagsFromString('--expose-gc');
        const gc = vm.runInNewContext('gc') as () => void;
        const { thread, source } = schedhint.startGcHints({ map: file.map });
        // As another copy of our packages would, which loads its own addon.
        const { openAddon } = require(file.opener) as { openAddon(file: string): Addon };
        const other = openAddon(file.copy);
        const places = new Float64Array(5);
        const { request } = schedhint.uptr({ map: file.map });
        const handle = other.attach(request, threadId, true, places);
        const block = new Uint32Array(other.page(places[0]!)!, places[1], 32);
        const started = other.startGcHook(handle, file.request);
        const before = thread.gc.count;
        gc();
        const counted = thread.gc.count - before;
        other.stopGcHook(handle);
        gc();
        const seen = [thread.gc.count, block[file.request.count / 4]];
        return { source, started, counted: [counted, thread.gc.count - before], seen };
      },
      { map, copy, opener, request: standardGcRequest },
    );
    expect([source, started]).toEqual(['v8', true]);
    // The first copy's goes on when the second one's is stopped.
    expect(counted).toEqual([1, 2]);
    // And all of it is in the one block, where the second copy finds it too.
    expect(seen[1]).toBe(seen[0]);
  });

  test('the registry is a symbol that the dynamic linker makes unique', () => {
    const symbols = execFileSync('readelf', ['--dyn-syms', '--wide', addonFile], {
      encoding: 'utf8',
    });
    const [line, ...more] = symbols
      .split('\n')
      .filter((text) => text.includes('schedhint_registry_v1'));
    expect(line).toContain(' UNIQUE ');
    expect(more).toEqual([]);
  });

  test('of the packages: they share the block', async () => {
    const result = await node.run(async ({ schedhint, addon, require }, path) => {
      // As another installed copy would: nothing of the first one is in the cache.
      for (const file of Object.keys(require.cache)) {
        if (/[/\\]packages[/\\].*[/\\]dist[/\\]/.test(file)) delete require.cache[file];
      }
      const other = require('schedhint') as typeof schedhint;
      if (other.attachThread === schedhint.attachThread) throw new Error('not another copy');
      const one = schedhint.attachThread({ map: path, scoped: true });
      const two = other.attachThread({ map: path, scoped: true });
      one.hints.urgency = 55;
      const seen = two.hints.urgency;
      const { bindings } = addon.counts();
      one.stop();
      const state = two.status.state;
      two.hints.urgency = 56;
      return { seen, bindings, state, left: one.hints.urgency };
    }, map);
    expect(result).toEqual({ seen: 55, bindings: 1, state: 'bound', left: 55 });
  });
});
