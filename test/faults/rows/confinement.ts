// The app may do little: a seccomp filter, a namespace or a limit takes something away that binding could use.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { App, AppOptions } from '../app.js';
import type { Row } from '../row.js';
import type { Stage } from '../stage.js';

const refuse = fileURLToPath(new URL('../programs/build/refuse', import.meta.url));

// No one else's, so that no one else is short of anything.
const OWN_UID = 61235;

type Options = AppOptions & { map?: string };

/** The app's status has this code and such a reason, its hints stay what it has set, and it ends well. */
async function isUnbound(app: App, code: string, reason: RegExp): Promise<string> {
  await app.untilAll(code);
  const status = await app.status();
  assert.ok(status.state !== 'bound');
  assert.match(status.reason, reason);
  await app.run(({ keep }) => keep.thread.hints.set({ urgency: 5, user: 6 }));
  assert.equal(await app.run(({ keep }) => keep.thread.hints.urgency), 5);
  await app.end();
  return `${code}: ${status.reason}`;
}

/** What is taken away is not missed: bound, and both sides read. */
function bound(fault: string, options: (stage: Stage) => Options): Row {
  return {
    fault,
    times: 1,
    async run(stage) {
      chmodSync(stage.directory, 0o755);
      const scheduler = await stage.scheduler();
      chmodSync(stage.map, 0o666);
      const app = await stage.launch({ workers: 2, ...options(stage) });
      await app.attach();
      await app.isBoundTo(scheduler);
      await app.end();
      return 'bound';
    },
  };
}

function unbound(
  fault: string,
  options: (stage: Stage) => Options,
  code: string,
  reason: RegExp,
): Row {
  return {
    fault,
    times: 1,
    async run(stage) {
      const scheduler = await stage.scheduler();
      const app = await stage.launch({ workers: 2, ...options(stage) });
      await app.attach();
      assert.equal(await scheduler.elements(app.tids), 0);
      const found = await isUnbound(app, code, reason);
      await stage.stop(scheduler);
      return found;
    },
  };
}

const inMounts = (command: string) => () => ({
  through: ['unshare', '--mount', 'sh', '-c', `${command} && exec "$0" "$@"`],
});

/** Without CAP_SYS_RESOURCE only the user itself may set its limits. */
function limitThreads(app: App, most: number): void {
  const user = ['--reuid', `${OWN_UID}`, '--regid', `${OWN_UID}`, '--clear-groups'];
  const limit = ['--pid', `${app.node.pid}`, `--nproc=${most}:`];
  execFileSync('setpriv', [...user, 'prlimit', ...limit]);
}

const noThreads: Row = {
  fault: 'no thread may be started (RLIMIT_NPROC)',
  times: 1,
  async run(stage) {
    chmodSync(stage.directory, 0o755);
    const scheduler = await stage.scheduler();
    chmodSync(stage.map, 0o666);
    const app = await stage.launch({ workers: 2, uid: OWN_UID });
    // What Node.js starts when it first needs it, and does not survive without.
    await app.run(async ({ require }) => void (await require('node:fs/promises').stat('/')));
    limitThreads(app, 1);
    await app.attach();
    await app.isBoundTo(scheduler);
    // Blocks that were given back wait for the thread. The next attach starts it, if it can.
    limitThreads(app, 4000);
    await app.run(({ schedhint }, map) => {
      schedhint.attachThread({ map, scoped: true }).stop();
    }, `${stage.map}_other`);
    await app.end();
    return 'bound when it attaches, blocks come back once a thread may be started';
  },
};

export const rows: readonly Row[] = [
  bound('inotify_init1 refused by seccomp', () => ({
    through: [refuse, 'inotify_init1', 'EPERM'],
  })),
  bound('memfd_create refused by seccomp', () => ({ through: [refuse, 'memfd_create', 'EPERM'] })),
  unbound(
    'madvise that keeps blocks from forked children refused by seccomp',
    () => ({ through: [refuse, 'MADV_DONTFORK', 'EPERM', refuse, 'MADV_WIPEONFORK', 'EPERM'] }),
    'ERR_SCHEDHINT_NO_MEMORY',
    /^no block could be mapped: EPERM/,
  ),
  noThreads,
  bound('read-only root', inMounts('mount -o remount,bind,ro /')),
  bound('its own user namespace', () => ({
    through: ['unshare', '--user', '--map-root-user'],
  })),
  unbound(
    'the pin may not be read',
    () => ({ uid: OWN_UID }),
    'ERR_SCHEDHINT_MAP_PERMISSION',
    /^opening .* was refused \(EACCES\): let this user read and write the pin/,
  ),
  unbound(
    'no bpffs at its place',
    () => ({ ...inMounts('umount --lazy /sys/fs/bpf')(), map: '/sys/fs/bpf/schedhint' }),
    'ERR_SCHEDHINT_MAP_NOT_FOUND',
    /^no map is pinned at \/sys\/fs\/bpf\/schedhint: start the scheduler/,
  ),
];
