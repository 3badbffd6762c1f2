// A row: the scheduler that was here before fails as it is known to. What judges this one would see it.

import { earlierProgram } from './earlier.mjs';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { atLeast, holds, lateness, pooled } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords } from './scenario.mjs';

const options = { ...readRowOptions(), program: earlierProgram() };
const WATCHDOG_MS = 45_000;

/** A loop of nice 19 that has a CPU alone makes the clock run: who wakes up next to a hog waits for it. */
const beside19 = {
  name: 'nice 19',
  ms: 20_000,
  warmMs: 1000,
  groups: [
    { name: 'loop', cpus: [0], nice: 19 },
    { name: 'hog', cpus: [1] },
    {
      name: 'sleeper',
      kind: /** @type {const} */ ('sleeper'),
      cpus: [1],
      sleep: /** @type {[number, number]} */ ([100_000, 100_000]),
    },
  ],
};
/** A pause that does not end keeps the kernel's workers from their CPU, until the watchdog ends the scheduler. */
const stuckPause = {
  name: 'stuck pause',
  ms: WATCHDOG_MS,
  warmMs: 0,
  groups: [{ name: 'liar', cpus: [0], lies: ['pause'] }],
};
const quota = {
  name: 'cpu.max 0.2',
  ms: 2000,
  warmMs: 300,
  groups: [{ name: 'limited', count: 4, cgroup: 'limited' }],
  cgroups: [{ path: 'limited', 'cpu.max': '20000 100000' }],
};

await runRow('proof', options.isFull, async () => {
  const boots = await measureSeeds(
    'proof',
    { ...options, seeds: [1] },
    {
      input: {
        arms: [
          { name: 'kernel' },
          { name: 'before', program: options.program, args: ['--hints', 'all', '--json'] },
        ],
        scenarios: [
          inWords(beside19),
          inWords(quota),
          { ...inWords(stuckPause), arms: ['before'] },
        ],
      },
      vm: { cpus: 2 },
    },
  );
  const of = (arm, { name }) => pooled(boots.map(({ runs }) => runs[arm][name]));
  const late = ['before', 'kernel'].map((arm) => lateness(of(arm, beside19).groups[2].lateUs));
  const limited = ['before', 'kernel'].map(
    (arm) => of(arm, quota).groups[0].cpuNs / of(arm, quota).ns,
  );
  // Its last line, without what is left of the statistics before it.
  const ended =
    boots[0].ended.before?.[stuckPause.name]?.replace(/^(ended with \d+: ).* \/ /s, '$1') ??
    'it was not ended';
  return {
    versions: `${boots[0].ops.before}, Linux ${boots[0].kernel}`,
    found: `a wakeup next to a nice-19 loop ${late[0].p50.toFixed(0)} ms late, cpu.max 0.2 gives ${limited[0].toFixed(2)} CPUs, a stuck pause: ${ended}`,
    table: [
      ['known failure', 'before', "kernel's default"],
      ['wakeup next to a nice-19 loop, p50 ms', ...late.map(({ p50 }) => p50.toFixed(1))],
      ['the worst of them, ms', ...late.map(({ max }) => max.toFixed(1))],
      ['cpu.max 0.2, CPUs', ...limited.map((cpus) => cpus.toFixed(2))],
      ['a stuck pause', ended, ''],
    ],
    checks: [
      atLeast('a wakeup next to a nice-19 loop is late by', late[0].p50, 200, ' ms'),
      holds("under the kernel's default it is not", late[1].p99 < 10, `${late[1].p99} ms`),
      atLeast('a limit of 0.2 CPUs gives', limited[0], 0.3),
      holds(
        "under the kernel's default it gives that",
        Math.abs(limited[1] - 0.2) < 0.03,
        `${limited[1]}`,
      ),
      holds('a stuck pause ends it', /stall/.test(ended), ended),
    ],
  };
});
