// The kernel refuses what binding needs, as containers' seccomp profiles do, or /proc is not there.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Row } from '../row.js';

const refuse = fileURLToPath(new URL('../programs/build/refuse', import.meta.url));

function refusedSyscall(syscall: string, errno: string, code: string): Row {
  return {
    fault: `${syscall} refused by seccomp (${errno})`,
    times: 3,
    async run(stage, times) {
      for (let i = 0; i < times; i++) {
        let scheduler = await stage.scheduler();
        const app = await stage.app({ workers: 2, through: [refuse, syscall, errno] });
        await app.untilAll(code);
        const status = await app.status();
        assert.ok(status.state === 'unavailable' && status.reason.includes(errno));
        assert.equal(await scheduler.elements(app.tids), 0);
        // Its hints go nowhere, and stay what it has set.
        await app.run(({ keep }) => keep.thread.hints.set({ urgency: 5, user: 6 }));
        assert.equal(await app.run(({ keep }) => keep.thread.hints.urgency), 5);
        await stage.stop(scheduler);
        scheduler = await stage.scheduler();
        await app.untilAll(code);
        await app.end();
        await stage.stop(scheduler);
      }
      return `${code}, hints stay private`;
    },
  };
}

const noProcfs: Row = {
  fault: 'no procfs',
  times: 3,
  async run(stage, times) {
    let scheduler = await stage.scheduler();
    // In its own mount namespace.
    const through = ['unshare', '--mount', 'sh', '-c', 'umount --lazy /proc && exec "$0" "$@"'];
    const app = await stage.launch({ workers: 2, through });
    assert.equal(
      await app.run(({ require }) => require('node:fs').existsSync('/proc/self')),
      false,
    );
    await app.attach();
    await app.isBoundTo(scheduler);
    for (let i = 0; i < times; i++) {
      await stage.stop(scheduler);
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      scheduler = await stage.scheduler();
      await app.isBoundTo(scheduler);
    }
    return 'bound, and again after each restart';
  },
};

export const rows: readonly Row[] = [
  refusedSyscall('bpf', 'EPERM', 'ERR_SCHEDHINT_BPF_REFUSED'),
  refusedSyscall('bpf', 'ENOSYS', 'ERR_SCHEDHINT_BPF_REFUSED'),
  refusedSyscall('pidfd_open', 'EPERM', 'ERR_SCHEDHINT_PIDFD_REFUSED'),
  refusedSyscall('pidfd_open', 'ENOSYS', 'ERR_SCHEDHINT_PIDFD_REFUSED'),
  noProcfs,
];
