// A bpffs is mounted where there was none, in a mount namespace of the app's own, as in a container.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../row.js';

const mounted: Row = {
  fault: 'bpffs mounted after the app started, over the watched directory',
  times: 5,
  async run(stage, times) {
    const directory = mkdtempSync(join(tmpdir(), 'schedhint-faults-'));
    stage.onClose(() => rmSync(directory, { recursive: true }));
    const map = join(directory, 'schedhint');
    const app = await stage.app({ workers: 2, map, through: ['unshare', '--mount'] });
    const inside = ['nsenter', '--target', String(app.node.pid), '--mount'];
    const run = (...command: string[]) => execFileSync('nsenter', [...inside.slice(1), ...command]);
    for (let i = 0; i < times; i++) {
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      run('mount', '-t', 'bpf', 'bpf', directory);
      const scheduler = await stage.scheduler({ pin: map, through: inside });
      await app.isBoundTo(scheduler);
      // The pin is still there, under what is mounted over it.
      run('mount', '-t', 'tmpfs', 'tmpfs', directory);
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      run('umount', directory);
      await app.isBoundTo(scheduler);
      await stage.stop(scheduler);
      await app.untilAll('ERR_SCHEDHINT_MAP_NOT_FOUND');
      run('umount', directory);
    }
    return 'each mount and unmount noticed on its own';
  },
};

export const rows: readonly Row[] = [mounted];
