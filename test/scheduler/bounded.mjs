// A row: what hints bring to programs that lie is bounded, each against the same program that says nothing. Argument: the number of CPUs.

import { ExplainedError } from '../../scripts/private-apt.mjs';
import { boundedScenarios } from './bounded-scenarios.mjs';
import { judgeBounded } from './bounded-verdict.mjs';
import { measureSeeds, readRowOptions } from './in-vm.mjs';
import { troubles } from './judge.mjs';
import { runRow } from './row.mjs';
import { inWords } from './scenario.mjs';

const options = readRowOptions();
const cpus = Number(options.positionals[0]);
if (![2, 4, 8].includes(cpus))
  throw new ExplainedError('Usage: node test/scheduler/bounded.mjs 2|4|8');

await runRow(`bounded-${cpus}`, options.isFull, async () => {
  const scenarios = boundedScenarios(cpus, options.short);
  const arms = [{ name: 'all', program: options.program, args: ['--hints', 'all', '--json'] }];
  const boots = await measureSeeds(`bounded-${cpus}`, options, {
    input: { arms, scenarios: scenarios.map(inWords) },
    vm: { cpus },
  });
  const { table, checks, found } = judgeBounded(cpus, scenarios, boots);
  const [{ kernel, ops }] = boots;
  return {
    versions: `${ops.all}, Linux ${kernel}`,
    found,
    table,
    checks: [...checks, ...troubles(boots)],
  };
});
