// Follows a process with samples four times a second, and keeps what happened in each interval.

import { setTimeout as delay } from 'node:timers/promises';
import { type Sample, Sampler } from '../process/sampler.js';
import type { Target } from '../process/target.js';
import { type ProcessUse, useBetween } from '../process/use.js';

const BETWEEN_MS = 250;
/** For the page: ten minutes. What is older is forgotten. */
const MOST_INTERVALS = 2400;
const SECOND_MS = 1000;

/** What was seen of a process. */
export interface Recording {
  /** From the first sample to the last. */
  readonly whole: ProcessUse;
  /** The pieces of it, the latest {@link MOST_INTERVALS}. */
  readonly intervals: readonly ProcessUse[];
  readonly hasEnded: boolean;
}

/**
 * Follows it until the time is over, `signal` aborts or the process ends.
 *
 * @param onSecond is given what happened in the last second
 * @throws Error `ERR_SCHEDHINT_PROCESS_ENDED` if there is nothing to compare
 */
export async function record(
  target: Target,
  seconds: number,
  signal: AbortSignal,
  onSecond: (use: ProcessUse) => void,
): Promise<Recording> {
  const sampler = new Sampler(target);
  const first = sampler.take();
  const until = (first?.atMs ?? 0) + seconds * SECOND_MS;
  const intervals: ProcessUse[] = [];
  let [last, second] = [first, first];
  let now = first;
  while (now !== null && performance.now() < until && !signal.aborted) {
    const leftMs = Math.max(1, until - performance.now());
    await delay(Math.min(BETWEEN_MS, leftMs), undefined, { signal }).catch(() => {});
    now = sampler.take();
    if (now === null) break;
    intervals.push(useBetween(last!, now));
    if (intervals.length > MOST_INTERVALS) intervals.shift();
    last = now;
    if (now.atMs - second!.atMs >= SECOND_MS) {
      onSecond(useBetween(second!, now));
      second = now;
    }
  }
  return { whole: wholeOf(first, last, target), intervals, hasEnded: now === null };
}

function wholeOf(first: Sample | null, last: Sample | null, { pid }: Target): ProcessUse {
  if (first === null || last === null || first === last) {
    throw Object.assign(new Error(`process ${pid} ended before there was anything to show`), {
      code: 'ERR_SCHEDHINT_PROCESS_ENDED',
    });
  }
  return useBetween(first, last);
}
