// A pool of piscina or of tinypool, with two workers, or with one process. Takes commands as lines: `run URGENCY TEXT [MS]` queues a task with
// a deadline (`-`: without hints), `parent URGENCY` writes the hints of all workers. A task lasts until a file with its text as name exists.

import { createInterface } from 'node:readline';
import { hintsOf } from 'schedhint';
import { withHints } from 'schedhint/piscina';

const [name, directory, runtime] = process.argv.slice(2);
const { Piscina, Tinypool = Piscina } = await import(name);
const threads = runtime === undefined ? 2 : 1;
const pool = new Tinypool({
  filename: new URL('pool-worker.mjs', import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
  // tinypool's processes have no environment but what they are given.
  ...(runtime === undefined ? {} : { runtime, env: process.env }),
});

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const COMMANDS = {
  async run(urgency, text, ms) {
    const task = { file: `${directory}/${text}`, text };
    const deadlineMs = ms === undefined ? undefined : Number(ms);
    const hinted = urgency === '-' ? task : withHints(task, { urgency, deadlineMs });
    print(await pool.run(hinted).catch(({ message }) => ({ message })));
  },
  // piscina's own; tinypool has its workers elsewhere.
  parent(urgency) {
    for (const worker of pool.threads) hintsOf(worker).urgency = Number(urgency);
  },
};
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...args] = line.split(' ');
  COMMANDS[command](...args);
}
await pool.destroy();
