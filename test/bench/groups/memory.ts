// Measures the memory of an attached thread: pinned pages, mapped shared memory,
// and JavaScript heap of its handle, for 1, 64 and 1000 threads.

import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { threadOf } from '@schedhint/core';
import { loadAddon } from '@schedhint/native';
import { PAGE_SIZE } from '../../rig/page-size.js';
import { native } from '../native.js';
import type { Group, Row } from '../row.js';
import { summarize } from '../statistics.js';

const THREADS = [1, 64, 1000];
/** Several, because unrelated objects may come or go during one. */
const HEAP_SAMPLES = 9;
const MEASURES = ['pinned', 'mapped', 'heap'] as const;

/** Of shared memory without a file, in which blocks lie, what this process has mapped. */
function mappedBytes(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return maps
    .filter((line) => line.endsWith('/dev/zero (deleted)'))
    .map((line) => line.split(' ')[0]!.split('-'))
    .reduce((sum, [from, to]) => sum + Number(`0x${to}`) - Number(`0x${from}`), 0);
}

// Of the heap alone: the bytes of a buffer are not in it.
function heapUsed(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

/** Of workers that have not attached yet: their blocks exist, and that is all that matters here. */
let nextId = 2 ** 40; // Node.js counts from 0
function workers(count: number): Worker[] {
  const worker = () => ({ threadId: nextId++, once: () => {} }) as unknown as Worker;
  return Array.from({ length: count }, worker);
}

/** As a parent has it: a handle on each worker, whose views have all been made. */
function attachAll(of: readonly Worker[], map: string): unknown[] {
  const handles = new Array(of.length);
  for (let i = 0; i < of.length; i++) {
    const thread = threadOf(of[i]!, { map });
    handles[i] = thread.hints && thread.feedback && thread.gc && thread;
  }
  return handles;
}

function heapPerThread(count: number, map: string): number {
  const parents = workers(count);
  const before = heapUsed();
  const handles = attachAll(parents, map);
  return (heapUsed() - before) / handles.length;
}

/** So that whole pages are free again, as they were. */
async function untilNoneIsQuarantined(): Promise<void> {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return;
  while (loaded.addon.counts().blocksQuarantined > 0) await setTimeout(50);
}

function exactly(id: string, unit: string, value: number): Row {
  return { id, unit, median: value, low: value, high: value };
}

export const memory: Group = {
  name: 'memory',
  ids: THREADS.flatMap((count) => MEASURES.map((measure) => `memory.${measure}-${count}`)),
  async measure(bed, { short }) {
    const map = bed.pin('schedhint');
    const unit = 'bytes per thread';
    const rows: Row[] = [];
    for (const count of THREADS) {
      if (bed.why !== null) {
        rows.push({ id: `memory.pinned-${count}`, why: bed.why });
        continue;
      }
      const error = native.keepBound(map, count);
      if (error !== 0) throw new Error(`${count} threads: errno ${-error}`);
      const pinned = native.pagesOfBlocks() * PAGE_SIZE;
      rows.push(exactly(`memory.pinned-${count}`, unit, pinned / count));
      rows.push(exactly(`memory.mapped-${count}`, unit, mappedBytes() / count));
      native.letGo();
      if (!short) await untilNoneIsQuarantined();
    }
    // What is compiled and made once is not what a thread costs.
    attachAll(workers(100), map);
    for (const count of THREADS) {
      const heap = Array.from({ length: HEAP_SAMPLES }, () => heapPerThread(count, map));
      rows.push({ id: `memory.heap-${count}`, unit, ...summarize(heap) });
    }
    return rows;
  },
};
