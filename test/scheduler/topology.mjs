// A row: on machines with SMT and with two last-level caches no task starves, and nothing stalls.

import { idealOf } from './ideal.mjs';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { atLeast, atMost, lateness, pooled, troubles } from './judge.mjs';
import { runRow } from './row.mjs';
import { asksForAll, inWords, KWORKERS, sleepers } from './scenario.mjs';

const CPUS = 4;
const SHAPES = { SMT: 'sockets=1,cores=2,threads=2', 'two LLCs': 'sockets=2,cores=2,threads=1' };
/** Of its ideal. */
const LEAST_PART = 0.5;
/** Next to two hogs for each CPU a turn comes long before. */
const LONGEST_MS = 1000;

const options = readRowOptions();
const scenarios = [
  {
    name: 'hogs',
    ms: 3000,
    warmMs: 400,
    groups: [{ name: 'hogs', count: 2 * CPUS + 1 }, sleepers(CPUS), KWORKERS],
  },
  {
    name: 'pinned',
    ms: 3000,
    warmMs: 400,
    groups: [
      { name: 'on 0', count: 3, cpus: [0] },
      { name: 'on 3', count: 1, cpus: [3] },
      { name: 'anywhere', count: CPUS + 1 },
      sleepers(CPUS, { cpus: [0, 1, 2, 3] }),
      KWORKERS,
    ],
  },
];

/** The least that a task of the group had, as a part of its ideal. */
function judge(shape, { name, groups }, outcome, kernel) {
  const ideal = idealOf(groups, outcome, CPUS);
  return groups.flatMap((group, g) => {
    const of = ({ groups: all, ns }) =>
      Math.min(...all[g].tasks.map(([cpuNs]) => cpuNs / ns)) / (ideal[group.name] / group.count);
    const longest = outcome.groups[g].longestNs / 1e6;
    if (asksForAll(group))
      return {
        line: [
          shape,
          name,
          group.name,
          of(outcome).toFixed(2),
          of(kernel).toFixed(2),
          `${longest.toFixed(0)} ms`,
        ],
        checks: [
          atLeast(
            `${shape}, ${name}: the least of a task of ${group.name}, of its ideal`,
            of(outcome),
            LEAST_PART,
          ),
          atMost(`${shape}, ${name}: longest wait of ${group.name}`, longest, LONGEST_MS, ' ms'),
        ],
      };
    const [late, byDefault] = [outcome, kernel].map(
      ({ groups: all }) => lateness(all[g].lateUs).p99,
    );
    return {
      line: [
        shape,
        name,
        group.name,
        `p99 ${late.toFixed(2)} ms`,
        `${byDefault.toFixed(2)} ms`,
        '',
      ],
      checks: [],
    };
  });
}

await runRow('topology', options.isFull, async () => {
  const arms = [
    { name: 'kernel' },
    { name: 'ours', program: options.program, args: ['--hints', 'all', '--json'] },
  ];
  const judged = [];
  const checks = [];
  let versions = '';
  for (const [shape, topology] of Object.entries(SHAPES)) {
    const boots = await measureSeeds(`topology-${shape.replace(' ', '-')}`, options, {
      input: { arms, scenarios: scenarios.map(inWords) },
      vm: { cpus: CPUS, topology },
    });
    const of = (arm, name) => pooled(boots.map(({ runs }) => runs[arm][name]));
    judged.push(
      ...scenarios.flatMap((scenario) =>
        judge(shape, scenario, of('ours', scenario.name), of('kernel', scenario.name)),
      ),
    );
    checks.push(...troubles(boots));
    versions = `${boots[0].ops.ours}, Linux ${boots[0].kernel}`;
  }
  const least = Math.min(
    ...judged.map(({ line }) => Number(line[3])).filter((part) => !Number.isNaN(part)),
  );
  return {
    versions,
    found: `the least that a task had is ${least.toFixed(2)} of its ideal`,
    table: [
      [
        'topology',
        'scenario',
        'who',
        'least part of its ideal',
        "kernel's default",
        'longest wait',
      ],
      ...judged.map(({ line }) => line),
    ],
    checks: [...judged.flatMap(({ checks: its }) => its), ...checks],
  };
});
