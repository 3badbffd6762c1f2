// A row: without hints the scheduler is as fair and as quick as the kernel's default, in the same boot. Argument: the number of CPUs.

import { ExplainedError } from '../../scripts/private-apt.mjs';
import { fairScenarios } from './fair-scenarios.mjs';
import { judgeFair } from './fair-verdict.mjs';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { troubles } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords } from './scenario.mjs';

const options = readRowOptions();
const cpus = Number(options.positionals[0]);
if (![2, 4, 8, 16].includes(cpus))
  throw new ExplainedError('Usage: node test/scheduler/fair.mjs 2|4|8|16');

await runRow(`fair-${cpus}`, options.isFull, async () => {
  const scenarios = fairScenarios(cpus, options.short);
  const arms = [
    { name: 'kernel' },
    { name: 'none', program: options.program, args: ['--hints', 'none', '--json'] },
    { name: 'all', program: options.program, args: ['--hints', 'all', '--json'] }, // no task hints
  ];
  const boots = await measureSeeds(`fair-${cpus}`, options, {
    input: {
      arms: options.short ? arms.slice(0, 2) : arms,
      scenarios: scenarios.map(inWords),
    },
    vm: { cpus },
  });
  const { table, checks, found } = judgeFair(cpus, scenarios, boots);
  const [{ kernel, ops }] = boots;
  return {
    versions: `${ops.none}, Linux ${kernel}`,
    found,
    table,
    checks: [...checks, ...troubles(boots)],
  };
});
