// Measures writing a hint: by fields and views, plain and ordered, against typed
// arrays, C stores, system calls, a uprobe, and the other channels.

import { getPriority, setPriority } from 'node:os';
import { attachThread, type HintedThread } from '@schedhint/core';
import type { Hints } from 'schedhint';
import { layered, tld, uptr } from 'schedhint/channels';
import { atomics, ordered, struct, u16, u32, u64, u64n } from 'schedhint/layout';
import type { Bed } from '../bed.js';
import { interleave, type Subject, timed } from '../interleave.js';
import { native } from '../native.js';
import type { Group } from '../row.js';

// Each loop is its own function, with what it writes to as a parameter: V8 compiles it for what
// it sees, as it does an application's. The values change, and where a row's name says nothing else
// V8 knows their range. URGENCIES is the mask of 0..1023.

const URGENCIES = 1023;
const URGENCY = 8;
/** A deadline on a machine that has been up for three weeks. */
const DUE = 2 ** 51 + 1;

/** The application's other layouts: views share what V8 learns about their accessors. */
const LAYOUTS = [
  struct('first', { value: u32 }),
  struct('second', { before: u32, value: u32 }),
  struct('third', { before: u64, value: u32 }),
  struct('fourth', { before: u16, value: u16 }),
  struct('fifth', { before: u64n, value: u64n }),
  struct('sixth', { before: u32, value: u64 }),
];
type SmallView = { value: number };

function views(): SmallView[] {
  return LAYOUTS.map((layout, i) => {
    const channel = uptr({ map: `/nonexistent/bench-${i}`, value: { block: layout } });
    return attachThread({ channel }).blocks.block as SmallView;
  });
}

/** Values whose range V8 cannot know. */
const UNKNOWN = Array.from({ length: 1024 }, () => Math.floor(Math.random() * 1024));

function jsStores(thread: HintedThread): Subject[] {
  const { hints } = thread;
  const view = thread.blocks.thread;
  const inOrder = ordered(view);
  const six = views();
  const block = new ArrayBuffer(128);
  const words = new Int32Array(block);
  const doubles = new Float64Array(block);
  const bigints = new BigUint64Array(block);
  const scratch = new Float64Array(1);
  const halves = new Uint32Array(scratch.buffer);
  const due = BigInt(DUE);
  return [
    {
      id: 'write.int32array',
      against: 'write.c-plain',
      run: timed((n) => {
        for (let i = 0; i < n; i++) words[URGENCY] = i & URGENCIES;
      }),
    },
    {
      id: 'write.field-u32',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) thread.hints.urgency = i & URGENCIES;
      }),
    },
    {
      id: 'write.field-u32-kept',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) hints.urgency = i & URGENCIES;
      }),
    },
    {
      id: 'write.field-u32-view',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) view.urgency = i & URGENCIES;
      }),
    },
    {
      id: 'write.int32array-unknown',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) words[URGENCY] = UNKNOWN[i & URGENCIES]!;
      }),
    },
    {
      id: 'write.field-u32-unknown',
      against: 'write.int32array-unknown',
      run: timed((n) => {
        for (let i = 0; i < n; i++) hints.urgency = UNKNOWN[i & URGENCIES]!;
      }),
    },
    {
      id: 'write.u64-scratch',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) {
          halves[0] = i;
          halves[1] = 0x8_0000;
          doubles[5] = scratch[0]!;
        }
      }),
    },
    {
      id: 'write.field-u64-number',
      against: 'write.u64-scratch',
      run: timed((n) => {
        for (let i = 0; i < n; i++) thread.hints.deadlineNs = DUE + i;
      }),
    },
    {
      id: 'write.bigint64array',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) bigints[5] = due;
      }),
    },
    {
      id: 'write.field-u64-bigint',
      against: 'write.bigint64array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) thread.hints.deadlineNs = due;
      }),
    },
    {
      id: 'write.megamorphic',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) six[i % 6]!.value = i & URGENCIES;
      }),
    },
    {
      id: 'write.atomics',
      against: 'write.c-seqcst',
      run: timed((n) => {
        for (let i = 0; i < n; i++) Atomics.store(words, URGENCY, i & URGENCIES);
      }),
    },
    {
      id: 'write.ordered',
      against: 'write.atomics',
      run: timed((n) => {
        for (let i = 0; i < n; i++) inOrder.urgency = i & URGENCIES;
      }),
    },
    {
      id: 'write.ordered-by-name',
      against: 'write.atomics',
      run: timed((n) => {
        for (let i = 0; i < n; i++) atomics.store(view, 'urgency', i & URGENCIES);
      }),
    },
    {
      id: 'write.group3',
      against: 'write.atomics',
      run: timed((n) => {
        for (let i = 0; i < n; i++) {
          thread.hints.set({ urgency: i & URGENCIES, sliceUs: i & 4095, deadlineNs: due });
        }
      }),
    },
    {
      id: 'write.napi',
      against: 'write.int32array',
      run: timed((n) => {
        for (let i = 0; i < n; i++) native.callWithTwo(URGENCY, i & URGENCIES);
      }),
    },
  ];
}

/** What a hint by a system call costs, or one that a BPF program takes from a call. */
function systemCalls(): Subject[] {
  return [
    { id: 'write.bpf-update', against: 'write.field-u32', run: orErrno(native.updateHint) },
    {
      id: 'write.setpriority',
      against: 'write.field-u32',
      run(count) {
        const before = getPriority();
        try {
          return timed((n) => {
            for (let i = 0; i < n; i++) setPriority(0, before - (i & 1));
          })(count);
        } finally {
          setPriority(0, before);
        }
      },
    },
    { id: 'write.prctl', against: 'write.field-u32', run: orErrno(native.renameThread) },
    { id: 'write.uprobe', against: 'write.field-u32', run: orErrno(native.callProbed) },
  ];
}

/** The channels whose hints are not in the standard block. */
function otherChannels(bed: Bed): Subject[] {
  const inElement = attachThread({ channel: layered({ map: bed.pin('task_hints') }) }).hints;
  const inPage = attachThread({ channel: tld({ map: bed.pin('tld_data_map') }) }).hints;
  return [
    {
      id: 'write.layered',
      against: 'write.bpf-update',
      run: timed((n) => change(inElement, n)),
    },
    {
      id: 'write.layered-same',
      against: 'write.bpf-update',
      run: timed((n) => {
        for (let i = 0; i < n; i++) inElement.urgency = 900;
      }),
    },
    {
      id: 'write.tld',
      against: 'write.u64-scratch',
      run: timed((n) => {
        for (let i = 0; i < n; i++) inPage.urgency = i & URGENCIES;
      }),
    },
  ];
}

function change(hints: Hints, n: number): void {
  for (let i = 0; i < n; i++) hints.urgency = 1 + (i & URGENCIES);
}

/** @returns the loop, which throws an error for a negative errno */
function orErrno(loop: (count: number) => number): (count: number) => number {
  return (count) => {
    const ns = loop(count);
    if (ns < 0) throw new Error(`the kernel refused it: errno ${-ns}`);
    return ns;
  };
}

export const write: Group = {
  name: 'write',
  ids: [
    'write.c-plain',
    'write.c-seqcst',
    'write.int32array',
    'write.field-u32',
    'write.field-u32-kept',
    'write.field-u32-view',
    'write.int32array-unknown',
    'write.field-u32-unknown',
    'write.u64-scratch',
    'write.field-u64-number',
    'write.bigint64array',
    'write.field-u64-bigint',
    'write.megamorphic',
    'write.atomics',
    'write.ordered',
    'write.ordered-by-name',
    'write.group3',
    'write.napi',
    'write.tld',
    'write.layered',
    'write.layered-same',
    'write.bpf-update',
    'write.setpriority',
    'write.prctl',
    'write.uprobe',
  ],
  async measure(bed, effort) {
    const thread = attachThread({ map: bed.pin('schedhint') });
    const subjects: Subject[] = [
      { id: 'write.c-plain', run: native.storePlain },
      { id: 'write.c-seqcst', against: 'write.c-plain', run: native.storeSeqCst },
      ...jsStores(thread),
      ...systemCalls(),
      ...otherChannels(bed),
    ];
    return interleave(subjects, effort);
  },
};
