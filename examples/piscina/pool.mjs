// A pool of workers whose tasks say how urgent they are and when they are due.
//
//   node examples/piscina/pool.mjs URL...     # the first is urgent, the others are batch work

import { Piscina } from 'piscina';
import { withHints } from 'schedhint/piscina';

const pool = new Piscina({
  filename: new URL('worker.mjs', import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
});

const [urgent, ...others] = process.argv.slice(2);
const dueMs = Number(process.env.DUE_MS ?? 100);
// The deadline is set here, so the time that a task waits for a worker counts.
const tasks = [
  withHints({ url: urgent }, { urgency: 'critical', deadlineMs: dueMs }),
  ...others.map((url) => withHints({ url }, { urgency: 'low' })),
];

await Promise.all(
  tasks.map(async (hinted) => {
    const digest = await pool.run(hinted);
    console.log(JSON.stringify({ url: hinted.task.url, digest }));
  }),
);
await pool.destroy();
