// A row: on each kernel the scheduler loads, schedules, loads again when a CPU goes off and on, and ends. Where no scheduler can load it says so.

import { bootOnce, readRowOptions } from './in-vm.mjs';
import { atLeast, holds } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords, sleepers } from './scenario.mjs';

const KERNELS = ['6.17', '7.0', '7.1', 'newest'];
const CPUS = 2;
const MALFORMED = /^7\.[12]\./;

const options = readRowOptions();
const scenario = {
  name: 'hogs',
  ms: 1000,
  warmMs: 200,
  groups: [{ name: 'hogs', count: 2 * CPUS }, sleepers(CPUS)],
};

/**
 * Debian's 7.1 and 7.2 were built with a pahole before 1.26, whose BTF shows kfuncs with an argument too many. No sched_ext scheduler loads
 * there; scx's say why.
 */
const judgeRefusal = ({ kernel, state, lastWords }) => [
  holds(`${kernel}: refused, for its BTF is malformed`, /pahole/.test(lastWords), lastWords),
  holds(`${kernel}: nothing is loaded`, state === 'disabled', state),
];

function judgeLife({ kernel, isLoaded, restarts, exitCode, state, second, lastWords }) {
  const wakeups = second?.groups[1].wakeups ?? 0;
  return [
    holds(
      `${kernel}: it is there after a CPU went off and on`,
      isLoaded && restarts === 2,
      `${restarts} of 2; ${lastWords}`,
    ),
    atLeast(`${kernel}: wakeups in the end`, wakeups, 200),
    holds(
      `${kernel}: it ends when it is asked to`,
      exitCode === 0 && state === 'disabled',
      `${exitCode}, ${state}`,
    ),
  ];
}

await runRow('kernels', options.isFull, async () => {
  const table = [['kernel', 'loaded again', 'wakeups before and after', 'exit code']];
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
    const isRefused = MALFORMED.test(found.kernel);
    const wakeups = [found.first, found.second].map((outcome) => outcome?.groups[1].wakeups ?? 0);
    ops ??= found.ops;
    table.push([
      found.kernel,
      isRefused ? 'refused' : `${found.restarts} of 2`,
      wakeups.join(' '),
      `${found.exitCode ?? ''}`,
    ]);
    checks.push(
      ...(isRefused ? judgeRefusal(found) : judgeLife(found)),
      holds(
        `${found.kernel}: the kernel does not complain`,
        found.complaints.length === 0,
        found.complaints.join('; '),
      ),
    );
  }
  const versions = table.slice(1).map(([kernel]) => kernel.replace(/\+.*/, ''));
  return {
    versions: `${ops}, Linux ${versions.join(', ')}`,
    found: `${versions.length} kernels, of which ${table.filter(([, again]) => again === 'refused').length} with a malformed BTF`,
    table,
    checks,
  };
});
