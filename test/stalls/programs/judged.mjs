// Makes the stalls that it is asked for over IPC, { kind, ms }, until { end }, and answers with what the judge needs: when each was, the collections' pauses
// during it, and what the preload has reported. All times are of CLOCK_MONOTONIC, in ns.

import { subscribe } from 'node:diagnostics_channel';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeStall } from './make-stall.mjs';

const clock = () => Number(process.hrtime.bigint());

/** The smallest of several: when the thread loses its CPU between two clocks the later one is late. */
const smallest = (count, offset) => Math.min(...Array.from({ length: count }, offset));

/** What lies between the clock of dates and the other. The first has whole milliseconds: where it changes it is right. */
function dateOffsetNs() {
  const before = Date.now();
  let after = before;
  while (after === before) after = Date.now();
  return clock() - after * 1e6;
}

/** What lies between performance.now() and that clock. */
function performanceOffsetNs() {
  const before = performance.now();
  return clock() - before * 1e6;
}

/** Without the addon a timer reports, which other processes may delay. At most for so many turns. */
const TURNS = 50;
async function untilReported(isIt) {
  for (let turn = 0; turn < TURNS && !reported.some(isIt); turn++) await sleep(5);
}

let reported = [];
subscribe('schedhint:stall', (stall) => reported.push(stall));
let collections = [];
const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

async function judged({ kind, ms }) {
  const dateOffset = smallest(5, dateOffsetNs);
  const performanceOffset = smallest(20, performanceOffsetNs);
  const spanOf = ({ at, durationMs }) => {
    const startNs = at * 1e6 + dateOffset;
    return { startNs, endNs: startNs + durationMs * 1e6 };
  };
  const faultsBefore = process.resourceUsage().majorPageFault;
  const made = await makeStall(kind, ms);
  await untilReported((stall) => spanOf(stall).endNs > (made.startNs + made.endNs) / 2);
  const faults = process.resourceUsage().majorPageFault - faultsBefore;
  collections.push(...observer.takeRecords());
  const pauses = collections.map(({ startTime, duration, detail }) => {
    const startNs = startTime * 1e6 + performanceOffset;
    const isMajor = detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    return { startNs, endNs: startNs + duration * 1e6, isMajor };
  });
  const stalls = reported.map((stall) => ({ ...stall, ...spanOf(stall) }));
  collections = [];
  reported = [];
  return { made, faults, pauses, reported: stalls };
}

process.on('message', async (request) => {
  if (request.end) process.disconnect();
  else process.send(await judged(request));
});
process.send({ isReady: true });
