// The broker's seccomp profile, on the real kernel: it serves an app to which bpf(2) is refused.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../../rig/bpffs.js';
import { describeOnKernel } from '../../rig/kernel-support.js';
import { NodeProcess } from '../../rig/node-process.js';
import { Observer } from '../../rig/observer-process.js';
import { until } from '../../rig/until.js';
import { compileProfile, type Profile } from './profiled.js';

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const profile: Profile = JSON.parse(
  readFileSync(at('examples/deploy/seccomp/schedhint-broker.json'), 'utf8'),
);
const refuse = at('test/faults/programs/build/refuse');

describeOnKernel("the broker's seccomp profile", () => {
  let scratch: string;
  let bpffs: Bpffs;
  let observer: Observer;
  let profiled: string;
  let broker: ChildProcess | undefined;

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'schedhint-seccomp-'));
    bpffs = mountBpffs();
    observer = await Observer.start(`${bpffs.path}/hints`);
    profiled = compileProfile(profile, scratch);
  });
  afterEach(async () => {
    if (broker?.exitCode === null) {
      broker.kill('SIGKILL');
      await once(broker, 'close');
    }
    broker = undefined;
    await observer?.stop();
    bpffs?.unmount();
    rmSync(scratch, { recursive: true });
  });

  /** Without a capability, as in the manifest. @returns what it logs */
  function startBroker(): () => string {
    let log = '';
    broker = spawn(
      'setpriv',
      [
        ...['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'],
        profiled,
        at('broker/build/schedhint-broker'),
        ...['--map', `${bpffs.path}/hints`, '--socket', `${scratch}/broker.sock`],
        ...['--cgroup-depth', '5'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    broker.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text));
    return () => log;
  }

  test('serves an app, and ends in order', async () => {
    const log = startBroker();
    await until('the broker is ready', () => log().includes('event=ready'), log);
    const app = await NodeProcess.start({
      execPath: refuse,
      execArgv: ['bpf', 'EPERM', process.execPath],
      env: { SCHEDHINT_MAP: `${bpffs.path}/hints`, SCHEDHINT_BROKER: `${scratch}/broker.sock` },
    });
    try {
      await app.run(({ schedhint, keep }) => {
        keep.thread = schedhint.attachThread();
        keep.thread.hints.urgency = 77;
      });
      const status = () => app.run(({ keep }) => keep.thread.status);
      await until('it is bound', async () => (await status()).state === 'bound', status);
      expect(await status()).toMatchObject({ map: { by: 'broker' } });
      await until('the kernel sees its hint', async () =>
        (await observer.threads()).some(
          ({ tid, hints }) => tid === app.pid && hints.urgency === 77,
        ),
      );
      await app.end();
    } finally {
      await app.kill();
    }
    broker!.kill('SIGUSR1');
    await until('it says what is held', () => log().includes('event=held'), log);
    broker!.kill('SIGTERM');
    const [code] = await once(broker!, 'close');
    expect([code, log()]).toEqual([0, expect.stringContaining('event=stopped')]);
  });

  test('refuses what the broker has no need of', () => {
    const { stderr, status } = spawnSync(profiled, ['mkdir', join(scratch, 'directory')], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining('Operation not permitted')]);
  });
});
