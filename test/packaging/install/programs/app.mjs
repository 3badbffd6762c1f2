// An application that imports schedhint: it hints, collects garbage, says what it sees, and goes on until stdin ends.

import { attachThread, startGcHints } from 'schedhint';

const thread = attachThread();
const gc = startGcHints();
thread.hints.set({ urgency: 777, sliceUs: 3000 });
let survivors = [];
for (let i = 0; i < 1_000_000; i++) {
  survivors.push({ i, list: [i] });
  if (survivors.length > 100_000) survivors = [];
}
const { state, code } = thread.status;
console.log(
  JSON.stringify({ pid: process.pid, source: gc.source, gcCount: thread.gc.count, state, code }),
);
process.stdin.on('end', () => gc.stop());
process.stdin.resume();
