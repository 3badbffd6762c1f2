// Defines the inputs of the experiment in the VM and parses its command line.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Every input of a run. None is chosen for its result: change them and see. */
export const INPUTS = {
  cpus: 2, // of the VM
  hogs: 4, // processes that want a CPU all of the time
  objects: 60_000, // alive in the app's heap: what a full collection has to go through
  collections: 3, // full ones timed in each run
  scavenges: 5, // timed in each run
  survivors: 20_000, // objects that a scavenge has to copy
  load: 50, // percent of a thread's fair share next to the hogs that requests and collections take
  seconds: 13, // of requests in each run
  every: 2000, // ms between full collections while requests are served
  helpers: 4, // V8's threads next to the app's own, Node.js's --v8-pool-size; 4 is its default
  urgency: 900, // what the app says of the thread that serves
  seed: 1, // of the times at which requests are due, and of V8; a pair adds its number
};

const RESULTS = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'schedhint-experiment',
);

export const USAGE = `Usage: npm run experiment -- [options]

A Node.js app beside CPU hogs, in a VM whose time counts instructions: under the kernel's default
scheduler, and under scx_schedhint with its hints off and on. A pair is one boot of the VM with one run
of each arm. Each pair's raw results are kept in a file, so an experiment that was interrupted
goes on with the pairs that are missing. Prints a table of all pairs that are there.

  --pairs N           run until there are so many (9)
  --results DIR       where the raw results are (${RESULTS})
  --write             run nothing: write what is there into docs/experiment.md and its figure
  --kernel NAME       newest, or 6.17 (newest)

Inputs of a run; results of other inputs need another directory:
${Object.entries(INPUTS)
  .map(([name, value]) => `${`  --${name} N`.padEnd(22)}(${value})`)
  .join('\n')}
`;

export function readOptions(args) {
  const numbers = { pairs: 9, ...INPUTS };
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [
          name,
          { type: 'string', default: String(value) },
        ]),
      ),
      kernel: { type: 'string', default: 'newest' },
      results: { type: 'string', default: RESULTS },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  for (const name of Object.keys(numbers)) {
    if (!/^[1-9][0-9]*$/.test(values[name])) throw new Error(`--${name} requires a number`);
    values[name] = Number(values[name]);
  }
  const { pairs, kernel, results, write, help, ...inputs } = values;
  return { pairs, kernel, results, write, help, inputs };
}
