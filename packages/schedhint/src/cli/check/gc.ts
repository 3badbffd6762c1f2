// The verdict `gc`: collections take too much of a thread's time, because its young generation is too small or its heap is nearly full.

import type { ThreadUse } from '../process/use.js';
import { javaScript, type Measured, most, nameOf, wantedMs } from './measured.js';
import { megabytes, percent, time, type Verdict } from './verdict.js';

const WORTH_TELLING = 0.05;
/** A heap that is as full as this after a major collection is nearly full. */
const NEARLY_FULL = 0.7;
/** The default of V8 on 64-bit machines. */
const DEFAULT_BYTES = 16 * 2 ** 20;
const LARGEST_MB = 128;
const MB = 2 ** 20;

/** The verdict, null where collections take little time or are not known. */
export function gc(measured: Measured): Verdict | null {
  const worst = most(javaScript(measured), collectingMs);
  if (worst === null) return null;
  // A pause takes longer where there is no CPU: that is another verdict's.
  const { cpuMs } = worst.thread;
  const share = (worst.amount / measured.use.ms) * (cpuMs / Math.max(1, wantedMs(worst.thread)));
  if (share < WORTH_TELLING) return null;
  const { minor, major } = worst.thread.stalls!.collectionMs;
  // In a nearly full heap the old generation is what ends the app, though the young one may take as long.
  const isYoung = isNearlyFull(worst.thread) ? major < minor / 3 : major <= minor;
  const said = isYoung ? young(worst.thread, measured) : old(worst.thread, measured);
  return { verdict: 'gc', ...said, share };
}

function collectingMs({ stalls }: ThreadUse): number {
  return stalls === null ? 0 : Object.values(stalls.collectionMs).reduce((sum, ms) => sum + ms, 0);
}

type Said = Pick<Verdict, 'says' | 'evidence' | 'next'>;

function young(thread: ThreadUse, { use }: Measured): Said {
  const { collections, collectionMs, semiSpaceBytes, promotedBytes } = thread.stalls!;
  const seconds = use.ms / 1000;
  return {
    says: 'Collections of the young generation take much of its time: it is too small for what the code allocates.',
    evidence: [
      `${(collections.minor / seconds).toFixed(1)} minor collections a second took ${time(collectionMs.minor)} of ${time(use.ms)} of ${nameOf(thread)}`,
      ...(promotedBytes > 0
        ? [`they moved ${megabytes(promotedBytes / seconds)} a second to the old generation`]
        : []),
      ...majorEvidence(thread, use.ms),
    ],
    next: largerYoung((semiSpaceBytes > 0 ? semiSpaceBytes : DEFAULT_BYTES) / MB),
  };
}

/** @param nowMb what it has now: V8 begins with 1 MB, and stays there if little of it survives */
function largerYoung(nowMb: number): string {
  // A page or two of it are V8's own.
  const wholeMb = Math.round(nowMb);
  if (wholeMb < DEFAULT_BYTES / MB) {
    return 'start it with node --min-semi-space-size=16 --max-semi-space-size=32, and compare';
  }
  return wholeMb < 0.9 * LARGEST_MB
    ? `start it with node --max-semi-space-size=${Math.min(LARGEST_MB, wholeMb * 4)}, and compare`
    : 'find what allocates so much: node --heap-prof app.js';
}

/** How much may live long: V8's limit has room for a young generation of three semi-spaces. 0: not known. */
function limitOf({ stalls }: ThreadUse): number {
  const { heapLimitBytes, semiSpaceBytes } = stalls!;
  return Math.max(0, heapLimitBytes - 3 * Math.max(DEFAULT_BYTES, semiSpaceBytes));
}

function isNearlyFull(thread: ThreadUse): boolean {
  const limit = limitOf(thread);
  return limit > 0 && thread.stalls!.heapUsedBytes / limit >= NEARLY_FULL;
}

function old(thread: ThreadUse, { use }: Measured): Said {
  const { heapUsedBytes: used } = thread.stalls!;
  const limit = limitOf(thread);
  const isFull = isNearlyFull(thread);
  return {
    says: isFull
      ? 'Its heap is nearly full, so V8 collects again and again.'
      : 'Collections of the whole heap take much of its time.',
    evidence: [
      ...majorEvidence(thread, use.ms),
      limit > 0 && used > 0
        ? `after the last one ${megabytes(used)} were in use, of at most ${megabytes(limit)} that live long (${percent(used / limit)})`
        : 'how full the heap is, is not known',
    ],
    next: isFull
      ? `start it with node --max-old-space-size=${Math.ceil((limit * 2) / MB)} if there is that much memory; if it only fills up later, look for the leak: node --heapsnapshot-near-heap-limit=1`
      : 'find what allocates so much that lives long: node --heap-prof app.js',
  };
}

function majorEvidence({ stalls }: ThreadUse, ms: number): string[] {
  const { collections, collectionMs } = stalls!;
  if (collections.major === 0) return [];
  return [`${collections.major} major collections took ${time(collectionMs.major)} of ${time(ms)}`];
}
