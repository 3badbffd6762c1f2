import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';

/** Attaches with structs of so many bytes each, behind pointers at the start of the value. */
function attachSizes({ schedhint }: Context, { map, sizes }: { map: string; sizes: number[] }) {
  const { array, attachThread, struct, u8, u64, uptr } = schedhint;
  const value = Object.fromEntries(
    sizes.map((size, i) => [
      `p${i}`,
      // Size 0 stands for a plain 8-byte field.
      size === 0 ? u64 : struct(`bytes_${size}`, { bytes: array(u8, size) }),
    ]),
  );
  return attachThread({ channel: uptr({ map, value }) }).status;
}

function attachStandard({ schedhint }: Context, map: string) {
  return schedhint.attachThread({ map }).status;
}

describeOnKernel('what may be found under a pin', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  const map = (name: string) => `${bpffs.path}/${name}`;
  const bound = (name: string) => ({
    state: 'bound',
    map: { path: map(name), id: reader.maps[name]!.id, by: 'self' },
    readBy: null,
  });

  beforeAll(async () => {
    bpffs = mountBpffs();
    reader = await BpfReader.load('value_shapes', bpffs.path);
  });
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
  });
  beforeEach(async () => {
    node = await NodeProcess.start();
  });
  afterEach(() => node?.kill());

  const elements = (name: string) => reader.element(name, node.pid);

  test('plain data is never given an address: ERR_SCHEDHINT_MAP_LAYOUT names the offset', async () => {
    const status = await node.run(attachStandard, map('plain'));
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
    expect(status).toHaveProperty('reason', expect.stringMatching(/offset 0 .*not a __uptr/));
    expect(await elements('plain')).toBeNull();
    const second = await node.run(attachSizes, { map: map('two'), sizes: [64, 64] });
    expect(second).toHaveProperty('reason', expect.stringMatching(/offset 8 .*not a __uptr/));
    expect(await elements('two')).toBeNull();
  });

  test('a struct larger than our block is refused, with its size', async () => {
    const status = await node.run(attachStandard, map('larger'));
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
    expect(status).toHaveProperty('reason', expect.stringMatching(/offset 0 .* has 512 bytes/));
    expect(await elements('larger')).toBeNull();
  });

  test('a prefix of our block binds', async () => {
    expect(await node.run(attachStandard, map('smaller'))).toEqual(bound('smaller'));
    expect(await elements('smaller')).not.toBeNull();
  });

  test('a wider value binds, and the pointer that we do not know stays NULL', async () => {
    expect(await node.run(attachStandard, map('wider'))).toEqual(bound('wider'));
    expect(await elements('wider')).toEqual(Buffer.alloc(24));
  });

  test('a value that is too small is refused', async () => {
    const status = await node.run(attachStandard, map('custom_big'));
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
    expect(status).toHaveProperty('reason', expect.stringContaining('8 bytes'));
  });

  test('pointers with plain data between them bind', async () => {
    expect(await node.run(attachSizes, { map: map('two'), sizes: [64, 0, 256] })).toEqual(
      bound('two'),
    );
  });

  // The probe finds the size to the byte: one size class below it is refused, its own binds.
  test.each([
    [64, 'smaller', [64, 128], null],
    [256, 'wider', [128, 128], '256'],
    [512, 'larger', [256, 128], '512'],
    [1000, 'custom_big', [512], '1000'],
    [1000, 'custom_big', [1000], null],
  ])('a struct of %i bytes in %s: ours of %j', async (_, name, sizes, found) => {
    const status = await node.run(attachSizes, { map: map(name), sizes });
    if (found === null) {
      expect(status).toEqual(bound(name));
    } else {
      expect(status).toHaveProperty('reason', expect.stringContaining(` has ${found} bytes`));
      expect(await elements(name)).toBeNull();
    }
  });

  test('five pointers: a block for each, and all of them come back', async () => {
    const { blocks, left } = await node.run(({ schedhint, addon, threadId }, path) => {
      const { struct, u64, uptr } = schedhint;
      const names = ['a', 'b', 'c', 'd', 'e'];
      const value = Object.fromEntries(names.map((name) => [name, struct(name, { x: u64 })]));
      const places = new Float64Array(2 * names.length + 1);
      const handle = addon.attach(uptr({ map: path, value }).request, threadId, true, places);
      const blocks = names.map((_, slot) => `${places[2 * slot]}:${places[2 * slot + 1]}`);
      addon.release(handle);
      return { blocks, left: addon.counts().blocksUsed };
    }, '/nonexistent/five');
    expect(new Set(blocks).size).toBe(5);
    expect(blocks.filter((block) => block.startsWith('-'))).toEqual([]);
    expect(left).toBe(0);
  });

  test('blocks end exactly at the end of a page, never beyond', async () => {
    const probe = buildNativeProbe();
    const places = await node.run(
      ({ schedhint, addon, require }, { file, path }) => {
        const { array, struct, u8, uptr } = schedhint;
        const value = { p: struct('bytes_1000', { bytes: array(u8, 1000) }) };
        const native = require(file) as NativeProbe;
        const { request } = uptr({ map: path, value });
        const places = new Float64Array(3);
        // Threads that do not exist yet: only their blocks matter here.
        return Array.from({ length: 8 }, (_, i) => {
          addon.attach(request, 1000 + i, false, places);
          return native.place(new Uint8Array(addon.page(places[0]!)!, places[1], 1000));
        });
      },
      { file: probe, path: map('custom_big') },
    );
    expect(places.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual([
      0, 0, 1024, 1024, 2048, 2048, 3072, 3072,
    ]);
  });

  test('a map that is no task storage: ERR_SCHEDHINT_MAP_TYPE', async () => {
    const other = mountBpffs();
    const sampler = await BpfReader.load('sampler', other.path);
    try {
      const status = await node.run(attachStandard, `${other.path}/tasks`); // a hash
      expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_TYPE' });
      expect(status).toHaveProperty('reason', expect.stringContaining('type 1,'));
    } finally {
      await sampler.close();
      other.unmount();
    }
  });

  describe('no map', () => {
    test('a regular file: ERR_SCHEDHINT_NOT_A_PIN', async () => {
      const file = join(tmpdir(), `schedhint-no-pin-${process.pid}`);
      writeFileSync(file, '');
      try {
        expect(await node.run(attachStandard, file)).toMatchObject({
          state: 'unavailable',
          code: 'ERR_SCHEDHINT_NOT_A_PIN',
        });
      } finally {
        rmSync(file);
      }
    });

    test('a directory, and a path through a file: ERR_SCHEDHINT_NOT_A_PIN', async () => {
      const onBpffs = map('directory');
      mkdirSync(onBpffs);
      for (const path of [bpffs.path, onBpffs, '/etc/passwd/map']) {
        expect(await node.run(attachStandard, path)).toMatchObject({
          code: 'ERR_SCHEDHINT_NOT_A_PIN',
        });
      }
    });

    test('nothing there: waiting, ERR_SCHEDHINT_MAP_NOT_FOUND, and bound once it is', async () => {
      const path = map('appears');
      const status = await node.run(attachStandard, path);
      expect(status).toMatchObject({ state: 'waiting', code: 'ERR_SCHEDHINT_MAP_NOT_FOUND' });
      expect(status).toHaveProperty('reason', expect.stringContaining(path));
      const later = mountBpffs();
      const there = await NodeProcess.start();
      const sampler = `${later.path}/schedhint`;
      try {
        expect(await there.run(attachStandard, sampler)).toMatchObject({ state: 'waiting' });
        const appeared = await BpfReader.load('sampler', later.path);
        const state = () => there.run(attachStandard, sampler).then((status) => status.state);
        await until('it is bound', async () => (await state()) === 'bound', state);
        await appeared.close();
      } finally {
        await there.kill();
        later.unmount();
      }
    });
  });

  test('two layouts on one map, by one pin or by two: ERR_SCHEDHINT_MAP_IN_USE', async () => {
    expect(await node.run(attachStandard, map('smaller'))).toMatchObject({ state: 'bound' });
    const second = await node.run(attachSizes, { map: map('smaller'), sizes: [64, 64] });
    expect(second).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_IN_USE' });
    // The first still stands.
    expect(await node.run(attachStandard, map('smaller'))).toEqual(bound('smaller'));
  });

  test('a program of another process finds no element of ours on its own task', async () => {
    await node.run(attachStandard, map('smaller'));
    expect(await reader.run('elements_of_caller')).toBe(0);
  });
});
