// What tracking requests costs on this machine: node examples/http/cost.mjs [TURNS]
// The hints are in private memory or the kernel's, which makes no difference to what is measured.

import { attachThread, deadlineIn } from 'schedhint';
import { trackRequests } from 'schedhint/requests';

const TURNS = Number(process.argv[2] ?? 300_000);
const RUNS = 5;

const { hints } = attachThread();

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

async function awaits(count) {
  for (let i = 0; i < count; i++) await null;
}

/** A request begins and ends while so many others are in flight. */
async function beginAndEnd(others) {
  const requests = trackRequests(hints);
  const due = deadlineIn(1000);
  for (let i = 0; i < others; i++) {
    requests.begin({ urgency: (i % 1024) + 1, deadlineNs: due + BigInt((i * 7919) % 10_007) });
  }
  const ns = await nsOf(TURNS, (count) => {
    for (let i = 0; i < count; i++) {
      requests.begin({ urgency: i & 1023, deadlineNs: due + BigInt(i % 10_007) }).end();
    }
  });
  requests.stop();
  return ns;
}

/** An await within a request: alone, so that its hints are those of all, or beside a more urgent one. */
async function awaitsWithin(beside) {
  const requests = trackRequests(hints, { perContinuation: true });
  if (beside) requests.begin({ urgency: 900, deadlineNs: deadlineIn(10) });
  const work = requests.wrap(() => ({ urgency: 100, deadlineNs: deadlineIn(1000) }), awaits);
  const ns = await nsOf(TURNS, work);
  requests.stop();
  return ns;
}

const rows = [
  ['a request begins and ends, alone', await beginAndEnd(0)],
  ['... with 1,000 others in flight', await beginAndEnd(1000)],
  ['... with 100,000 others in flight', await beginAndEnd(100_000)],
  ['an await, not tracked', await nsOf(TURNS, awaits)],
  ['an await with perContinuation, one request', await awaitsWithin(false)],
  ['... where each switch changes the hints', await awaitsWithin(true)],
];
console.log(`Node.js ${process.version}, nanoseconds:`);
for (const [what, ns] of rows) console.log(`${ns.toFixed(0).padStart(7)}  ${what}`);
