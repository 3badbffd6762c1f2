// What tracking requests costs on this machine: node examples/http/cost.mjs [TURNS]
// The hints are in private memory or the kernel's, which makes no difference to what is measured.

import { deadlineIn, trackRequests } from 'schedhint';

const TURNS = Number(process.argv[2] ?? 300_000);
const RUNS = 5;

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Nanoseconds for one of `count` turns of a loop, the median of some runs. */
async function nsOf(count, loop) {
  const took = [];
  for (let run = 0; run < RUNS; run++) {
    const start = process.hrtime.bigint();
    await loop(count);
    took.push(Number(process.hrtime.bigint() - start) / count);
  }
  return median(took);
}

/** A request begins and ends while so many others are in flight. */
async function beginAndEnd(others) {
  const tracker = trackRequests();
  const due = deadlineIn(1000);
  for (let i = 0; i < others; i++) {
    tracker.begin({ urgency: (i % 1024) + 1, deadlineNs: due + BigInt((i * 7919) % 10_007) });
  }
  const ns = await nsOf(TURNS, (count) => {
    for (let i = 0; i < count; i++) {
      tracker.begin({ urgency: i & 1023, deadlineNs: due + BigInt(i % 10_007) }).end();
    }
  });
  tracker.stop();
  return ns;
}

/** The same with a deadline in milliseconds, as most apps have it, and with a signal that all have in common. */
async function run() {
  const tracker = trackRequests();
  const { signal } = new AbortController();
  const plain = await nsOf(TURNS, (count) => {
    for (let i = 0; i < count; i++) tracker.run({ urgency: 'high', deadlineMs: 50 }, () => i);
  });
  const withSignal = await nsOf(TURNS, (count) => {
    for (let i = 0; i < count; i++) tracker.run({ urgency: 'high', signal }, () => i);
  });
  tracker.stop();
  return [plain, withSignal];
}

const [plain, withSignal] = await run();
const rows = [
  ['a request begins and ends, alone', await beginAndEnd(0)],
  ['... with 1,000 others in flight', await beginAndEnd(1000)],
  ['... with 100,000 others in flight', await beginAndEnd(100_000)],
  ['run() with an urgency and deadlineMs', plain],
  ['... with an urgency and a signal', withSignal],
];
console.log(`Node.js ${process.version}, nanoseconds:`);
for (const [what, ns] of rows) console.log(`${ns.toFixed(0).padStart(7)}  ${what}`);
