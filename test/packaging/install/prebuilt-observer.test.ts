// What the observer's package ships for each processor.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { NodeProcess } from '../../rig/node-process.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';

const prebuilds = fileURLToPath(new URL('../../../packages/observer/prebuilds', import.meta.url));

test.each(['x64', 'arm64'])('the %s observer needs no library where it runs', (arch) => {
  const program = `${prebuilds}/linux-${arch}/observer`;
  const said = execFileSync('readelf', ['-W', '--program-headers', program], { encoding: 'utf8' });
  expect(said).toMatch(/ LOAD /);
  expect(said).not.toMatch(/INTERP|DYNAMIC/);
});

describeOnKernel("the arm64 package's BPF object", () => {
  // It is byte code, with other barriers than x64's: any kernel's verifier can judge it, and run it.
  test('is accepted by this kernel, and sees a thread', async () => {
    const bpffs = mountBpffs();
    const map = `${bpffs.path}/hints`;
    const node = await NodeProcess.start();
    const object = `${prebuilds}/linux-arm64/observer.bpf.o`;
    const observer = await Observer.start(map, '--object', object);
    try {
      await node.run(({ schedhint, keep }, path) => {
        keep.thread = schedhint.attachThread({ map: path });
        keep.thread.hints.urgency = 700;
      }, map);
      await until('its hints are seen', async () =>
        (await observer.threads()).some(
          ({ tid, kind, hints }) => tid === node.pid && kind === 'js' && hints.urgency === 700,
        ),
      );
    } finally {
      await observer.stop();
      await node.kill();
      bpffs.unmount();
    }
  });
});
