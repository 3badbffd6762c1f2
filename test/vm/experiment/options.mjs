import { parseArgs } from 'node:util';

/** Every input of the experiment. None is chosen for its result; change them and see. */
export const DEFAULTS = {
  pairs: 9, // runs of each arm, in turns
  hogs: 4, // processes that want a CPU all of the time
  objects: 60_000, // alive in the app's heap: what a full collection has to go through
  collections: 3, // full ones timed in each run
  scavenges: 5, // timed in each run
  survivors: 20_000, // objects that a scavenge has to copy
  load: 50, // percent of a thread's fair share beside the hogs that the requests take
  seconds: 12, // of requests in each run
  every: 2000, // ms between full collections while requests are served
  helpers: 4, // V8's threads beside the app's own, Node.js's --v8-pool-size; 4 is its default
  urgency: 900, // what the app says of the thread that serves
};

export const USAGE = `Usage: npm run experiment -- [options]

A Node.js app beside CPU hogs on two CPUs, in the VM: under the kernel's default scheduler, and under
scx_schedhint with its hints off and on, in turns. Prints a table; with --write it goes into
docs/experiment.md, and the figure beside it.

${Object.entries(DEFAULTS)
  .map(([name, value]) => `${`  --${name} N`.padEnd(22)}(${value})`)
  .join('\n')}
  --kernel NAME       newest, or 6.17 (newest)
  --write             write docs/experiment.md and docs/images/experiment.svg
`;

export function readOptions(args) {
  const options = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [
      name,
      { type: 'string', default: String(value) },
    ]),
  );
  const { values } = parseArgs({
    args,
    options: {
      ...options,
      kernel: { type: 'string', default: 'newest' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  for (const name of Object.keys(DEFAULTS)) {
    if (!/^[1-9][0-9]*$/.test(values[name])) throw new Error(`--${name} wants a number`);
    values[name] = Number(values[name]);
  }
  return values;
}
