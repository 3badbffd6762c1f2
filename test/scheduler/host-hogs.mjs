// Keeps this machine's CPUs busy while a VM measures, with --busy-host: what is measured must not depend on it.

import { spawn } from 'node:child_process';

const HOGS = 3;

export const areHogsWanted = process.argv.includes('--busy-host');

/** @param {string} name of a file or directory, which is another one next to hogs */
export function withHogs(name) {
  return areHogsWanted ? `${name}-busy-host` : name;
}

export function startHogs() {
  const hogs = Array.from({ length: HOGS }, () =>
    // They end with this process, however that ends.
    spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, '-e', 'for (;;);'], {
      stdio: 'ignore',
    }),
  );
  const end = () => {
    for (const hog of hogs) hog.kill('SIGKILL');
  };
  process.once('exit', end);
  return { end };
}
