// An unprivileged process and the pin's permissions: with 0666 it binds; otherwise it gets ERR_SCHEDHINT_MAP_PERMISSION, and binds automatically
// once the pin is opened up.

import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BpfReader } from '../rig/bpf-reader.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { NodeProcess } from '../rig/node-process.js';
import { until } from '../rig/until.js';

const NOBODY = 65534;

describeOnKernel('an unprivileged user', () => {
  let bpffs: Bpffs;
  let reader: BpfReader;
  let node: NodeProcess;
  let map: string;

  beforeEach(async () => {
    bpffs = mountBpffs();
    await bpffs.setMode(0o755);
    reader = await BpfReader.load('sampler', bpffs.path);
    map = `${bpffs.path}/schedhint`;
    node = await NodeProcess.start();
    // Only now, with everything loaded: the sources need not be readable for everyone.
    await node.run((_, uid) => {
      process.setgroups!([]);
      process.setgid!(uid);
      process.setuid!(uid);
    }, NOBODY);
  });
  afterEach(async () => {
    await node?.kill();
    await reader?.close();
    bpffs?.unmount();
  });

  const attach = () =>
    node.run(({ schedhint }, path) => schedhint.attachThread({ map: path }).status, map);

  test('binds where the pin is open to all (0666)', async () => {
    chmodSync(map, 0o666);
    expect(await attach()).toMatchObject({ state: 'bound', map: { path: map } });
    expect(await reader.element('schedhint', node.pid)).not.toBeNull();
  });

  test('the status says what to do where it is not (0600), and binds once that is done', async () => {
    chmodSync(map, 0o600);
    const status = await attach();
    expect(status).toMatchObject({ state: 'unavailable', code: 'ERR_SCHEDHINT_MAP_PERMISSION' });
    expect(status).toHaveProperty('reason', expect.stringMatching(/EACCES.*group, mode 0660/));
    expect(await reader.element('schedhint', node.pid)).toBeNull();
    chmodSync(map, 0o666);
    // The change is noticed on its own, in its own time.
    await until('it is bound', async () => (await attach()).state === 'bound', attach);
  });

  test('the same where it may not pass the directory', async () => {
    chmodSync(map, 0o666);
    await bpffs.setMode(0o700);
    expect(await attach()).toMatchObject({ code: 'ERR_SCHEDHINT_MAP_PERMISSION' });
  });
});
