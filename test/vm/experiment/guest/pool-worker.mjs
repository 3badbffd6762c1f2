// A thread of the pool. While a task runs, the thread's hint is the task's.

import { setPriority } from 'node:os';
import { Piscina } from 'piscina';
import { attachThread } from 'schedhint';
import { piscinaTasks } from 'schedhint/piscina';
import { answerFrom, makeHeap } from './answer.mjs';
import { keepUrgency } from './automatic-urgency.mjs';
import { compute } from './compute.mjs';

const PIECES = 3; // of a report

const { objects, nice, automatic } = Piscina.workerData;
if (nice) setPriority(nice); // of this thread: 0 is the caller for the kernel
if (automatic) keepUrgency(attachThread());
const heap = makeHeap(objects);

function report() {
  let value = 1;
  for (let i = 0; i < PIECES; i++) value = compute(value);
  return value;
}

export default piscinaTasks(({ kind }) => (kind === 'report' ? report() : answerFrom(heap)));
