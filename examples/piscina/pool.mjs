// A pool of workers whose tasks say how urgent they are and when they are due.
//
//   node examples/piscina/pool.mjs URL...     # the first is urgent, the others are batch work

import { Piscina } from 'piscina';
import { deadlineIn } from 'schedhint';

const pool = new Piscina({
  filename: new URL('worker.mjs', import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
});

const [urgent, ...others] = process.argv.slice(2);
const dueMs = Number(process.env.DUE_MS ?? 100);
// The deadline is set here, so the time that a task waits for a worker counts.
const tasks = [
  { url: urgent, hints: { urgency: 'critical', deadlineNs: deadlineIn(dueMs) } },
  ...others.map((url) => ({ url, hints: { urgency: 'low' } })),
];

await Promise.all(
  tasks.map(async (task) => {
    const digest = await pool.run(task);
    console.log(JSON.stringify({ url: task.url, digest }));
  }),
);
await pool.destroy();
