// npm run experiment

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../../../scripts/private-apt.mjs';
import { ARMS } from './arms.mjs';
import { digestOf } from './digest.mjs';
import { hasSchedExt, paceHere, thisMachine } from './here.mjs';
import { keep, readKept } from './kept.mjs';
import { readOptions, USAGE } from './options.mjs';
import { chartOf, FILES, pageOf, readmeOf } from './page.mjs';
import { runsOf } from './plan.mjs';
import { takeRun } from './runs.mjs';
import { SCENARIOS, scaledTo } from './scenarios.mjs';
import { summaries, tables } from './tables.mjs';

const file = (name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Takes the runs of the plan, those that are missing by making them, `now` of them at most. */
async function take(options) {
  const isMeasured = !options.write;
  const kept = { versions: {}, times: options.times, pace: options.pace, scenarios: {} };
  const note = (name, value) => {
    if (value && !kept.versions[name]?.includes(value))
      kept.versions[name] = [...(kept.versions[name] ?? []), value];
  };
  const runs = runsOf(options.plan, options.usualCpus);
  let made = 0;
  for (const [i, run] of runs.entries()) {
    const title = `${run.scenario}, ${run.arm}, ${run.cpus} CPUs, run ${run.number}`;
    let measured = await takeRun(run, { ...options, isMeasured: false });
    if (measured === undefined && isMeasured && made < options.now) {
      process.stderr.write(`${i + 1} of ${runs.length}: ${title}\n`);
      measured = await takeRun(run, { ...options, isMeasured: true });
      made++;
    }
    if (measured === undefined) continue;
    const scenario = `${run.scenario}-${run.cpus}`;
    kept.scenarios[scenario] ??= {};
    kept.scenarios[scenario][run.arm] ??= {};
    kept.scenarios[scenario][run.arm][run.number] = digestOf(measured);
    for (const name of ['kernel', 'qemu', 'commit', 'date']) note(name, measured[name]);
    note('node', measured.inputs.node);
    note(run.arm, measured.ops);
  }
  if (kept.versions.kernel?.length > 1)
    throw new ExplainedError(
      `the runs are of different kernels: ${kept.versions.kernel.join(', ')}`,
    );
  return kept;
}

/** The same on this machine: its CPUs, rates for its speed, and no arm that its kernel cannot load. */
function forThisMachine(options) {
  const { kernel, cpus } = thisMachine();
  const arms = options.plan.arms.filter((arm) => hasSchedExt() || ARMS[arm].program === undefined);
  const results = join(options.results, 'here');
  const plan = { ...options.plan, arms, cpus: [] };
  const scenario = scaledTo(SCENARIOS.equal, cpus, 1);
  return { ...options, plan, results, kernel, usualCpus: cpus, pace: paceHere(scenario, results) };
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.here && options.write) throw new ExplainedError('--write is for runs in VMs');
  if (options.here) options = forThisMachine(options);
  const kept = options.page ? readKept() : await take(options);
  if (kept === null || Object.keys(kept.scenarios).length === 0)
    throw new ExplainedError(`there are no results in ${options.results}`);
  process.stdout.write(tables(summaries(kept)));
  if (options.write) keep(kept);
  if (options.write || options.page) {
    const final = readKept(); // rounded, as anybody else will read it
    writeFileSync(file(FILES.page), pageOf(final));
    writeFileSync(file(FILES.readme), readmeOf(final));
    writeFileSync(file(FILES.chart), chartOf(final));
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  console.error(`experiment: ${error.message}`);
  process.exitCode = 1;
}
