// The first way to ask what a map's value must have hangs on the order of the kernel's checks: pointers, then the key. On a kernel
// with the other order, which native/key_first.c plays, every slot looks plain. Then a thread made for the question answers.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

const observer = fileURLToPath(new URL('../../observer/build/observer', import.meta.url));
const source = fileURLToPath(new URL('../rig/native/key_first.c', import.meta.url));

function attach({ schedhint }: Context, map: string) {
  return schedhint.attachThread({ map }).status;
}

/** In the process: threads that were made to ask with, and what they need. */
function asking({ require }: Context) {
  const { readdirSync, readFileSync, readlinkSync } =
    require('node:fs') as typeof import('node:fs');
  const each = (folder: string, read: (path: string) => string) =>
    readdirSync(`/proc/self/${folder}`).map((name) => {
      try {
        return read(`/proc/self/${folder}/${name}`);
      } catch {
        return ''; // it has just ended
      }
    });
  const threads = each('task', (path) => readFileSync(`${path}/comm`, 'utf8'));
  const descriptors = each('fd', (path) => readlinkSync(path));
  return {
    threads: threads.filter((name) => name.startsWith('schedhint-ask')).length,
    sockets: descriptors.filter((target) => target.startsWith('socket:')).length,
    pidfds: descriptors.filter((target) => target.includes('pidfd')).length,
  };
}

describeOnKernel('a kernel that looks at the key first', () => {
  let scratch: string;
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  const map = (name: string) => `${bpffs.path}/${name}`;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-key-first-'));
    const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror'];
    const built = join(scratch, 'key_first.so');
    execFileSync(process.env.CC ?? 'cc', [...flags, source, '-ldl', '-o', built]);
    bpffs = mountBpffs();
    reader = await BpfReader.load('value_shapes', bpffs.path);
  });
  afterAll(async () => {
    await reader?.close();
    bpffs?.unmount();
    rmSync(scratch, { recursive: true });
  });
  beforeEach(async () => {
    node = await NodeProcess.start({ env: { LD_PRELOAD: join(scratch, 'key_first.so') } });
  });
  afterEach(() => node?.kill());

  test.each(['smaller', 'wider'])('the map %s binds', async (name) => {
    expect(await node.run(attach, map(name))).toMatchObject({ state: 'bound' });
    expect(await reader.element(name, node.pid)).not.toBeNull();
  });

  test('the size of a struct is found: one that is larger than our block is refused', async () => {
    const status = await node.run(attach, map('larger'));
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
    expect(status).toHaveProperty('reason', expect.stringMatching(/offset 0 .* has 512 bytes/));
    expect(await reader.element('larger', node.pid)).toBeNull();
  });

  test('a map without a __uptr is refused all the same, and nothing is left of the question', async () => {
    const before = await node.run(asking);
    const status = await node.run(attach, map('plain'));
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_LAYOUT' });
    expect(status).toHaveProperty('reason', expect.stringMatching(/offset 0 .*not a __uptr/));
    expect(await reader.element('plain', node.pid)).toBeNull();
    await until('the thread has ended', async () =>
      isDeepStrictEqual(await node.run(asking), before),
    );
  });

  test('the observer takes its map over, and leaves another alone', async () => {
    const pin = map('schedhint');
    const first = await Observer.start(pin, '--keep-pin');
    await first.stop();
    const again = await startPreloaded(pin);
    expect(await again.next()).toMatchObject({ mapId: first.mapId });
    expect(await again.end()).toMatchObject({ code: 0 });
    const plain = await startPreloaded(map('plain')).end();
    expect(plain).toMatchObject({ code: 5, stderr: expect.stringContaining('something else') });
  });

  function startPreloaded(pin: string) {
    const preload = `LD_PRELOAD=${join(scratch, 'key_first.so')}`;
    return new LineProcess('env', [preload, observer, '--pin', pin, '--interval', '0']);
  }
});
