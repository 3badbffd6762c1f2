// A thread of the pool. It is urgent, also while it waits: so it starts an answer soon. While it makes a report, it is batch work. The answers'
// deadlines travel in their tasks.

import { setPriority } from 'node:os';
import { Piscina } from 'piscina';
import { attachThread } from 'schedhint';
import { piscinaTasks } from 'schedhint/piscina';
import { answerFrom, makeHeap } from './answer.mjs';
import { keepUrgency } from './automatic-urgency.mjs';
import { compute } from './compute.mjs';
import { usedByThisThread } from './cpu-times.mjs';
import { recordMajorCollections } from './major-collections.mjs';

const PIECES = 3; // of a report

const { objects, urgency, nice, automatic, records, started } = Piscina.workerData;
recordMajorCollections(records[Atomics.add(started, 0, 1)]);
if (nice) setPriority(nice); // of this thread: 0 is the caller for the kernel
const thread = attachThread();
if (automatic) keepUrgency(thread);
else thread.hints.urgency = urgency;
const heap = makeHeap(objects);

/** @returns {number} CPU time that it took, ms */
function report() {
  const before = usedByThisThread();
  let value = 1;
  if (!automatic) thread.hints.batch = true;
  for (let i = 0; i < PIECES; i++) value = compute(value);
  thread.hints.batch = false;
  return usedByThisThread() - before;
}

export default piscinaTasks(({ kind }) => (kind === 'report' ? report() : answerFrom(heap)));
