// A pin that goes at any moment of a look is noticed: what a look has not judged is judged by the next.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { type Context, NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';

const source = fileURLToPath(new URL('../rig/native/move_pin.c', import.meta.url));
/** More than the first two looks take: the later ones only ask whether the pin is the same. */
const LOOKS = 9;

function attach({ schedhint, keep }: Context, map: string) {
  keep.thread = schedhint.attachThread({ map });
}

describeOnKernel('a pin that is moved away while it is looked at', () => {
  let scratch: string;
  let bpffs: Bpffs;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-pin-moved-'));
    const flags = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror'];
    execFileSync(process.env.CC ?? 'cc', [
      ...flags,
      source,
      '-ldl',
      '-o',
      join(scratch, 'move_pin.so'),
    ]);
  });
  afterAll(() => rmSync(scratch, { recursive: true }));
  beforeEach(() => {
    bpffs = mountBpffs();
    return () => bpffs.unmount();
  });

  test.each(Array.from({ length: LOOKS }, (_, k) => k + 1))(
    'just before the %i. time',
    async (look) => {
      const reader = await BpfReader.load('sampler', bpffs.path);
      const map = `${bpffs.path}/schedhint`;
      const moved = join(scratch, `moved-${look}`);
      const node = await NodeProcess.start({
        env: {
          LD_PRELOAD: join(scratch, 'move_pin.so'),
          PIN_TO_MOVE: map,
          PIN_MOVED: moved,
          MOVE_AT_LOOK: `${look}`,
        },
      });
      try {
        await node.run(attach, map);
        const status = () => node.run(({ keep }) => keep.thread.status);
        await until('the pin has been moved', () => existsSync(moved));
        await until('it is noticed', async () => (await status()).state === 'waiting', status);
        expect(await reader.element('schedhint', node.pid)).toBeNull();
      } finally {
        await node.kill();
        await reader.close();
      }
    },
  );
});
