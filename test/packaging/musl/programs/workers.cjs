// The main thread and three workers hint and collect, and print a line of JSON each. At a line "terminate" on stdin the workers are
// terminated; it goes on until stdin ends, and ends on its own.

const { once } = require('node:events');
const { Worker, isMainThread, parentPort, threadId } = require('node:worker_threads');
const { startGcHints } = require('schedhint');

const { thread, source } = startGcHints();
thread.hints.urgency = 900 + threadId;

let survivors = [];
function collect() {
  for (let i = 0; i < 300_000; i++) {
    survivors.push({ i, list: [i] });
    if (survivors.length > 50_000) survivors = [];
  }
}

async function main() {
  const workers = Array.from({ length: 3 }, () => new Worker(__filename));
  const told = await Promise.all(workers.map((worker) => once(worker, 'message')));
  collect();
  const { state } = thread.status;
  const threads = [
    { tid: process.pid, source, state, urgency: thread.hints.urgency },
    ...told.flat(),
  ];
  console.log(JSON.stringify({ threads }));
  process.stdin.on('data', async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
    console.log(JSON.stringify({ terminated: workers.length, state: thread.status.state }));
  });
}

if (isMainThread) {
  main();
} else {
  collect();
  const { state } = thread.status;
  parentPort.postMessage({ tid: thread.tid, source, state, urgency: thread.hints.urgency });
  setInterval(collect, 50);
}
