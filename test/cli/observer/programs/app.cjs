// An app that collects: a main thread and two workers that allocate, each with its own hints, until
// its stdin ends. schedhint/register is preloaded; the map is in SCHEDHINT_MAP.

const { isMainThread, Worker, workerData } = require('node:worker_threads');
const { attachThread, deadlineIn } = require('../../../../packages/schedhint');

const REST_MS = 2;
const REQUEST = 4000; // objects
const KEPT = 400_000;
const URGENCIES = [900, 100, 500];

const number = isMainThread ? 0 : workerData;
const { hints } = attachThread();
const kept = [];

/** One piece of work: what it makes lives for a while, so that it is collected late. */
function request() {
  hints.deadlineNs = deadlineIn(20);
  for (let i = 0; i < REQUEST; i++) kept.push({ i, list: [i, number] });
  if (kept.length > KEPT) kept.splice(0, KEPT / 2);
  setTimeout(request, REST_MS);
}

hints.urgency = URGENCIES[number];
hints.phase = 'serving';
if (isMainThread) {
  for (const worker of [1, 2]) new Worker(__filename, { workerData: worker });
  process.stdin.on('end', () => process.exit()).resume();
}
request();
