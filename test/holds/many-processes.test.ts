// A user may have 128 inotify instances, in all processes together: schedhint takes none of them from
// others, however many processes it is preloaded in.

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Installed } from '../packaging/loading/installed.js';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { LineProcess } from '../rig/json-lines-process.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import { heldBy } from './held.js';

const PROCESSES = 200;
const AT_A_TIME = 8;
/** No one else's, so that no one else is short of anything. */
const UID = 61235;
const AS_USER = ['setpriv', '--reuid', `${UID}`, '--regid', `${UID}`, '--clear-groups'];
/** Not a limit on speed. */
const PATIENCE_MS = 1_800_000;

const idle = fileURLToPath(new URL('programs/idle.cjs', import.meta.url));

describeOnKernel(`${PROCESSES} processes of one user`, () => {
  let installed: Installed;
  let bpffs: Bpffs;
  let map: string;
  const processes: LineProcess[] = [];

  beforeAll(async () => {
    installed = Installed.create();
    bpffs = mountBpffs();
    map = `${bpffs.path}/schedhint`;
    // Others' files: this user passes neither a checkout nor a bpffs by default.
    for (const directory of [installed.path, bpffs.path]) chmodSync(directory, 0o755);
    installed.copy(idle, 'idle.cjs');
    const register = join(installed.path, 'node_modules/schedhint/dist/register.cjs');
    while (processes.length < PROCESSES) {
      const started = Array.from({ length: AT_A_TIME }, () => {
        const node = [process.execPath, '--require', register, join(installed.path, 'idle.cjs')];
        const [command, ...args] = [...AS_USER, ...node] as [string, ...string[]];
        return new LineProcess(command, args, {
          cwd: '/',
          env: { NODE_OPTIONS: '', SCHEDHINT_MAP: map, SCHEDHINT_BROKER: '' },
        });
      });
      processes.push(...started);
      await Promise.all(started.map((one) => one.next()));
    }
  }, PATIENCE_MS);
  afterAll(async () => {
    for (const one of processes) await one.kill();
    bpffs?.unmount();
    installed?.remove();
  }, PATIENCE_MS);

  /** What the kernel answers another process of the user, without schedhint, when it watches a directory. */
  const watch = () => {
    const program =
      "try { require('fs').watch('/').close(); console.log('watches') } catch (e) { console.log(e.code) }";
    const [command, ...args] = [...AS_USER, process.execPath, '-e', program];
    const env = { ...process.env, NODE_OPTIONS: '' };
    return execFileSync(command!, args, { cwd: '/', env, encoding: 'utf8' }).trim();
  };
  const untilEach = async (what: string, is: (pid: number) => boolean) => {
    for (const { pid } of processes)
      await until(
        what,
        () => is(pid),
        () => heldBy(pid),
      );
  };

  test(
    'wait: one more may watch its files',
    async () => {
      await untilEach('it waits', (pid) => heldBy(pid).threads.includes('schedhint-watch'));
      expect(watch()).toBe('watches');
    },
    PATIENCE_MS,
  );

  test(
    'are bound: one more may watch its files',
    async () => {
      const observer = await Observer.start(map, '--mode', '0666');
      try {
        await untilEach('it is bound', (pid) => heldBy(pid).descriptors.includes('pidfd'));
        const seen = new Set((await observer.threads()).map(({ tid }) => tid));
        expect(processes.filter(({ pid }) => !seen.has(pid))).toEqual([]);
        expect(watch()).toBe('watches');
      } finally {
        await observer.stop();
      }
    },
    PATIENCE_MS,
  );
});
