// Measures reading the scheduler's feedback through fields, compared with typed arrays and Atomics.load.

import { attachThread } from '@schedhint/core';
import { interleave, type Subject, timed } from '../interleave.js';
import type { Group } from '../row.js';

const PREEMPTED = 26;
const RUN_DELAY_NS = 10;

/** Where results go, so that no read is left out. */
const sink = new Float64Array(1);

export const read: Group = {
  name: 'read',
  ids: [
    'read.int32array',
    'read.field-u32',
    'read.atomics',
    'read.bigint64array',
    'read.field-u64',
  ],
  async measure(bed, effort) {
    const thread = attachThread({ map: bed.pin('schedhint') });
    // As a reader leaves it: without one, what is read are the kernel's counters (stalls.feedback-read).
    thread.blocks.thread.reader_abi = 1;
    const block = new ArrayBuffer(128);
    const words = new Int32Array(block);
    const bigints = new BigUint64Array(block).fill(2n ** 51n);
    const subjects: Subject[] = [
      {
        id: 'read.int32array',
        run: timed((n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += words[PREEMPTED]!;
          sink[0] = sum;
        }),
      },
      {
        id: 'read.field-u32',
        against: 'read.int32array',
        run: timed((n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += thread.feedback.preempted;
          sink[0] = sum;
        }),
      },
      {
        id: 'read.atomics',
        against: 'read.int32array',
        run: timed((n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += Atomics.load(words, PREEMPTED);
          sink[0] = sum;
        }),
      },
      {
        id: 'read.bigint64array',
        against: 'read.int32array',
        run: timed((n) => {
          let last = 0n;
          for (let i = 0; i < n; i++) if (bigints[RUN_DELAY_NS]! > last) last = bigints[0]!;
          sink[0] = Number(last);
        }),
      },
      {
        id: 'read.field-u64',
        against: 'read.bigint64array',
        run: timed((n) => {
          const { feedback } = thread;
          let last = 0n;
          for (let i = 0; i < n; i++) if (feedback.runDelayNs > last) last = feedback.onCpuNs;
          sink[0] = Number(last);
        }),
      },
    ];
    const rows = interleave(subjects, effort);
    thread.blocks.thread.reader_abi = 0;
    return rows;
  },
};
