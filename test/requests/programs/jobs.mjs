// A worker of BullMQ and its queue, on the redis-server whose socket is given. Takes commands as lines: `add NAME [PRIORITY]`. A job lasts until a file
// of its name exists; one whose name begins with "bad" fails. Prints how each job has ended.

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { bullmqJobs } from 'schedhint/bullmq';

const [path, directory] = process.argv.slice(2);
const connection = { path };
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function work({ name }, _token, signal) {
  while (!existsSync(`${directory}/${name}`)) await sleep(5);
  if (name.startsWith('bad')) throw new Error(name);
  return typeof signal?.aborted; // that BullMQ has seen the third parameter
}

const describe = ({ name }) =>
  name.includes('urgent') ? { urgency: 'critical', deadlineMs: 25_000 } : {};
const priorities = { high: 10, normal: 100 };
const worker = new Worker('mail', bullmqJobs(work, { describe, priorities }), {
  connection,
  concurrency: 4,
});
worker.on('completed', ({ name }, result) => print({ name, result }));
worker.on('failed', ({ name }, { message }) => print({ name, message }));
const queue = new Queue('mail', { connection });
await worker.waitUntilReady();

print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [, name, priority] = line.split(' ');
  await queue.add(name, {}, priority === undefined ? {} : { priority: Number(priority) });
}
await worker.close();
await queue.close();
