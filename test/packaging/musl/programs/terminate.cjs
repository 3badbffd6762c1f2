// Workers are terminated while they attach and collect, each a little later than the one before. Then it waits for the end of stdin, and exits
// with 7 while three others are at it.

const { once } = require('node:events');
const { Worker, isMainThread } = require('node:worker_threads');
const { startGcHints } = require('schedhint');

const ROUNDS = 60;

async function main() {
  const { thread } = startGcHints();
  thread.hints.urgency = 900;
  for (let i = 0; i < ROUNDS; i++) {
    const worker = new Worker(__filename);
    await once(worker, 'online');
    const instant = performance.now() + i / 2;
    while (performance.now() < instant);
    await worker.terminate();
  }
  const { state } = thread.status;
  if (state !== 'bound') throw new Error(JSON.stringify(thread.status));
  const others = Array.from({ length: 3 }, () => new Worker(__filename));
  await Promise.all(others.map((worker) => once(worker, 'online')));
  console.log(JSON.stringify({ terminated: ROUNDS }));
  process.stdin.on('end', () => process.exit(7)).resume();
}

if (isMainThread) {
  main();
} else {
  const { thread } = startGcHints();
  for (;;) thread.hints.urgency = new Array(1000).fill({}).length;
}
