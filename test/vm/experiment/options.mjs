// The command line of the experiment.

import { parseArgs } from 'node:util';
import { ARMS } from './arms.mjs';
import { QUICK, WHOLE } from './plan.mjs';
import { RESULTS } from './runs.mjs';
import { QUICK_TIMES, SCENARIOS, TIMES } from './scenarios.mjs';

export const USAGE = `Usage: npm run experiment -- [options]

Node.js services under load in VMs whose time counts instructions: each scenario under the kernel's default scheduler, under others, and
under scx_schedhint with its hints off and on. Each run's raw results are kept in a file, so an experiment that was interrupted goes on with
the runs that are missing. Prints a table of what is there.

  --quick             three arms, one run of each, of shorter steps: about 15 minutes on an idle machine
  --runs N            of each scenario under each arm (${WHOLE.runs})
  --scenarios LIST    some of ${Object.keys(SCENARIOS).join(', ')}
  --arms LIST         some of ${Object.keys(ARMS).join(', ')}
  --cpus LIST         of the pair off, on in the scenario "equal", besides 2, if both are run (${WHOLE.cpus.join(',')}; 0: none)
  --now N             only so many runs, if that many are missing
  --results DIR       where the raw results are (${RESULTS})
  --program FILE      another build of scx_schedhint
  --kernel NAME       newest, or 6.17 (newest)
  --here              on this machine, in real time, in place of a VM: needs root, and nothing else may run on it
  --write             run nothing: keep what is there in test/matrix/results/experiment.json, and write docs/experiment.md and the chart
  --page              run nothing: write the page and the chart from what is kept
  --help
`;

const listOf = (name, text, known) => {
  const list = text.split(',');
  const unknown = list.find((one) => !(one in known));
  if (unknown === undefined) return list;
  throw new Error(`--${name}: no ${unknown}; there are ${Object.keys(known).join(', ')}`);
};

const numberOf = (name, text) => {
  if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`--${name} takes a number`);
  return Number(text);
};

/** @param {string[]} args */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      scenarios: { type: 'string' },
      arms: { type: 'string' },
      cpus: { type: 'string' },
      now: { type: 'string' },
      results: { type: 'string', default: RESULTS },
      program: { type: 'string' },
      kernel: { type: 'string', default: 'newest' },
      here: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, runs, scenarios, arms, cpus, now, program, ...rest } = values;
  const plan = { ...(quick ? QUICK : WHOLE) };
  if (runs !== undefined) plan.runs = numberOf('runs', runs);
  if (scenarios !== undefined) plan.scenarios = listOf('scenarios', scenarios, SCENARIOS);
  if (arms !== undefined) plan.arms = listOf('arms', arms, ARMS);
  if (cpus === '0') plan.cpus = [];
  else if (cpus !== undefined) plan.cpus = cpus.split(',').map((one) => numberOf('cpus', one));
  return {
    ...rest,
    ours: program,
    plan,
    now: now === undefined ? Number.POSITIVE_INFINITY : numberOf('now', now),
    times: quick ? QUICK_TIMES : TIMES,
  };
}
