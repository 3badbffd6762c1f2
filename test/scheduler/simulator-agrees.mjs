// A row: four scenarios in the simulator of test/policy and in the VM. The CPU shares agree, or the simulator is wrong.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { atMost, pooled, troubles } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords, sleepers, wordsOf } from './scenario.mjs';

const CPUS = 2;
const POINTS = 5;
const POLICY = fileURLToPath(new URL('../policy', import.meta.url));
const SIMULATED_MS = 20_000;

const options = readRowOptions();
const sleepersHere = sleepers(CPUS);
/** The simulator has CPU time for a burst, the guest instructions. */
const SLEEPERS = { guest: sleepersHere, simulated: { ...sleepersHere, run: [200, 200] } };

const scenarios = [
  {
    name: 'weights',
    groups: [
      { name: 'nice 0', count: 2 },
      { name: 'nice -5', count: 2, nice: -5 },
      { name: 'nice 5', count: 2, nice: 5 },
    ],
  },
  {
    name: 'pinned',
    groups: [
      { name: 'on 0', count: 3, cpus: [0] },
      { name: 'on 0 nice 5', count: 1, cpus: [0], nice: 5 },
      { name: 'anywhere', count: 3 },
    ],
  },
  {
    name: 'cgroups',
    groups: [
      { name: 'web', count: 4, cgroup: 'service/web' },
      { name: 'db', count: 2, cgroup: 'service/db' },
      { name: 'jobs', count: 8, cgroup: 'jobs' },
    ],
    cgroups: [
      { path: 'service', 'cpu.weight': 300 },
      { path: 'service/web', 'cpu.weight': 100 },
      { path: 'service/db', 'cpu.weight': 50 },
      { path: 'jobs', 'cpu.weight': 100 },
    ],
  },
  {
    name: 'batch and a stuck pause',
    groups: [
      { name: 'batch', count: 2, lies: ['batch'] },
      { name: 'liar', count: 1, lies: ['pause'] },
      { name: 'hogs', count: 4 },
    ],
  },
].map((scenario) => ({ ms: 4000, warmMs: 500, ...scenario }));

function simulate({ groups, cgroups = [] }) {
  const words = [
    ...[CPUS, SIMULATED_MS, 1].map(String),
    ...cgroups.map(({ path, 'cpu.weight': weight }) => `${path}:${weight}`),
    ...[...groups, SLEEPERS.simulated].map(wordsOf),
  ];
  return JSON.parse(
    execFileSync('build/simulator', ['scenario', ...words], { cwd: POLICY, encoding: 'utf8' }),
  );
}

await runRow('simulator-agrees', options.isFull, async () => {
  execFileSync('make', ['-s', 'build/simulator'], { cwd: POLICY, stdio: ['ignore', 2, 2] });
  const withSleepers = scenarios.map((scenario) => ({
    ...scenario,
    groups: [...scenario.groups, SLEEPERS.guest],
  }));
  const boots = await measureSeeds('simulator-agrees', options, {
    input: {
      arms: [{ name: 'ours', program: options.program, args: ['--hints', 'all', '--json'] }],
      scenarios: withSleepers.map(inWords),
    },
    vm: { cpus: CPUS },
  });
  const table = [['scenario', 'who', '% of the machine, VM', 'simulator']];
  const checks = [];
  for (const scenario of withSleepers) {
    const simulated = simulate({ ...scenario, groups: scenario.groups.slice(0, -1) });
    const outcome = pooled(boots.map(({ runs }) => runs.ours[scenario.name]));
    for (const { name, cpuNs } of outcome.groups) {
      const points = (cpus) => (cpus / CPUS) * 100;
      const [is, said] = [points(cpuNs / outcome.ns), points(simulated[name].cpus)];
      table.push([scenario.name, name, is.toFixed(1), said.toFixed(1)]);
      checks.push(
        atMost(
          `${scenario.name}: ${name}, points between the VM and the simulator`,
          Math.abs(is - said),
          POINTS,
        ),
      );
    }
  }
  const most = Math.max(...table.slice(1).map(([, , is, said]) => Math.abs(is - said)));
  const [{ kernel, ops }] = boots;
  return {
    versions: `${ops.ours}, Linux ${kernel}`,
    found: `${most.toFixed(1)} points apart at most`,
    table,
    checks: [...checks, ...troubles(boots)],
  };
});
