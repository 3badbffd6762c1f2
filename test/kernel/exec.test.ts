import { expect, test } from 'vitest';
import { mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { buildNativeProbe, type NativeProbe } from '../rig/native-probe.js';
import { NodeProcess } from '../rig/node-process.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

describeOnKernel('execve', () => {
  test('the hints of a program do not stand for the one that follows it', async () => {
    const bpffs = mountBpffs();
    const map = `${bpffs.path}/schedhint`;
    const observer = await Observer.start(map);
    const node = await NodeProcess.start();
    const records = async () => (await observer.threads()).filter(({ tid }) => tid === node.pid);
    try {
      await node.run(({ schedhint }, path) => {
        schedhint.attachThread({ map: path }).hints.urgency = 321;
      }, map);
      const before = await (async () => {
        await until('it has been seen', async () => (await records()).length > 0);
        return records();
      })();
      expect(before).toMatchObject([{ kind: 'js', exited: false, hints: { urgency: 321 } }]);

      // A program in the same task, that goes on the CPU time and again: sh, until it is killed.
      node
        .run(
          ({ require }, probe) =>
            (require(probe) as NativeProbe).exec('while sleep 0.01; do :; done'),
          buildNativeProbe(),
        )
        .catch(() => {}); // it never answers
      const seen: Awaited<ReturnType<typeof records>> = [];
      await until('the old record is closed', async () => {
        seen.push(...(await records()));
        return seen.some(({ exited }) => exited);
      });
      // Looks that a record of the new program would be found by.
      for (let looks = 0; looks < 20; looks++) {
        seen.splice(0, seen.length, ...(await records()));
        expect(seen.filter(({ exited }) => !exited)).toEqual([]);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      await node.kill();
      await observer.stop();
      bpffs.unmount();
    }
  });
});
