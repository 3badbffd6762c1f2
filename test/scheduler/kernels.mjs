// A row: on each kernel the scheduler loads, schedules, loads again when a CPU goes off and on, and ends.

import { bootOnce, readRowOptions } from './in-vm.mjs';
import { atLeast, holds } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords, sleepers } from './scenario.mjs';

const KERNELS = ['6.17', '7.0', '7.1', 'newest'];
const CPUS = 2;

const options = readRowOptions();
const scenario = {
  name: 'hogs',
  ms: 1000,
  warmMs: 200,
  groups: [{ name: 'hogs', count: 2 * CPUS }, sleepers(CPUS)],
};

await runRow('kernels', options.isFull, async () => {
  const table = [['kernel', 'loaded again', 'wakeups', 'exit code']];
  const checks = [];
  let ops;
  for (const kernel of options.short ? KERNELS.slice(0, 1) : KERNELS) {
    const input = {
      program: options.program,
      args: ['--hints', 'all', '--json'],
      scenario: inWords(scenario),
      seed: 1,
    };
    const found = await bootOnce('kernels.mjs', input, { kernel, cpus: CPUS });
    const wakeups = [found.first, found.second].map((outcome) => outcome?.groups[1].wakeups ?? 0);
    ops ??= found.ops;
    table.push([found.kernel, `${found.restarts} of 2`, wakeups.join(' '), `${found.exitCode}`]);
    checks.push(
      holds(
        `${found.kernel}: it is there after a CPU went off and on`,
        found.isLoaded && found.restarts === 2,
        `${found.restarts} of 2; ${found.lastWords}`,
      ),
      atLeast(`${found.kernel}: wakeups in the end`, wakeups[1], 200),
      holds(
        `${found.kernel}: it ends when it is asked to`,
        found.exitCode === 0 && found.state === 'disabled',
        `${found.exitCode}, ${found.state}`,
      ),
      holds(
        `${found.kernel}: the kernel does not complain`,
        found.complaints.length === 0,
        found.complaints.join('; '),
      ),
    );
  }
  return {
    versions: `${ops}, Linux ${table
      .slice(1)
      .map(([kernel]) => kernel.replace(/\+.*/, ''))
      .join(', ')}`,
    found: `${table.length - 1} kernels`,
    table,
    checks,
  };
});
