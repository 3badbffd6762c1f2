// A row: weights and limits of cgroups, with the kernel's default scheduler in the same boot.

import { CPUS, cgroupScenarios } from './cgroup-scenarios.mjs';
import { judgeCgroups } from './cgroup-verdict.mjs';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { troubles } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords } from './scenario.mjs';

const options = readRowOptions();

await runRow('cgroups', options.isFull, async () => {
  const scenarios = cgroupScenarios(options.short);
  const report = options.earlier ? ['--interval', '200'] : ['--stats', '1'];
  const arms = [
    { name: 'kernel' },
    { name: 'ours', program: options.program, args: ['--hints', 'all', '--json', ...report] },
  ];
  const boots = await measureSeeds('cgroups', options, {
    input: { arms, scenarios: scenarios.map(inWords) },
    vm: { cpus: CPUS },
  });
  const { table, checks, found } = judgeCgroups(CPUS, scenarios, boots);
  const [{ kernel, ops }] = boots;
  return {
    versions: `${ops.ours}, Linux ${kernel}`,
    found,
    table,
    checks: [...checks, ...troubles(boots)],
  };
});
