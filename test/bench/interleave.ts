// Measures operations in interleaved rounds of shuffled order, so that a disturbance of the machine affects all of them alike:
// loops after a warm-up and a calibration of their length, or single calls.

import type { Effort } from './effort.js';
import type { Row } from './row.js';
import { shuffle } from './shuffle.js';
import { summarize } from './statistics.js';

/** An operation that is measured in a loop. */
export interface Subject {
  readonly id: string;
  /** The row that it is compared with. */
  readonly against?: string;
  /**
   * Does it `count` times.
   *
   * @returns the nanoseconds that it took
   * @throws Error if it cannot: the row then says why
   */
  run(count: number): number;
}

/** Times a loop of JavaScript. */
export function timed(loop: (count: number) => void): (count: number) => number {
  return (count) => {
    const start = process.hrtime.bigint();
    loop(count);
    return Number(process.hrtime.bigint() - start);
  };
}

/** Until V8 has compiled a loop for the last time, nanoseconds. */
const WARM_UP = 50_000_000;

/**
 * Measures subjects in turn, one sample of each and then the next of each, so that whatever slows the
 * machine down for a while slows all of them down. The order is another in each round: what one
 * leaves in the caches is not always the same one's trouble.
 */
export function interleave(subjects: readonly Subject[], effort: Effort): Row[] {
  const missing: Row[] = [];
  const runs = subjects.flatMap((subject) => {
    try {
      return [{ subject, count: calibrate(subject, effort), samples: [] as number[] }];
    } catch (error) {
      missing.push({ id: subject.id, why: (error as Error).message });
      return [];
    }
  });
  for (let round = 0; round < effort.samples; round++) {
    for (const { subject, count, samples } of shuffle(runs)) {
      samples.push(subject.run(count) / count);
    }
  }
  const measured = runs.map(({ subject: { id, against }, samples }) => ({
    id,
    unit: 'ns',
    against,
    ...summarize(samples),
  }));
  return [...measured, ...missing];
}

/** An operation that happens once in a while, never in a loop. */
export interface Single {
  readonly id: string;
  readonly against?: string;
  /**
   * Does it once.
   *
   * @returns the nanoseconds that it took
   */
  once(): number;
}

/**
 * Measures operations one by one: each is a sample, and follows the others as often as itself. In a
 * loop the shortest of them would have the caches for itself.
 */
export function takeTurns(operations: readonly Single[], rounds: number): Row[] {
  const runs = operations.map((operation) => ({ operation, samples: [] as number[] }));
  // The first half is for V8 to compile it.
  for (let round = -rounds; round < rounds; round++) {
    for (const { operation, samples } of shuffle(runs)) {
      const ns = operation.once();
      if (round >= 0) samples.push(ns);
    }
  }
  return runs.map(({ operation: { id, against }, samples }) => ({
    id,
    unit: 'ns',
    against,
    ...summarize(samples),
  }));
}

/** How often makes a sample as long as it should be. */
function calibrate({ run }: Subject, { short, sampleNs }: Effort): number {
  let count = 1;
  for (let spent = 0; !short && spent < WARM_UP; ) {
    const took = run(count);
    spent += took;
    if (took < sampleNs) count *= 2;
  }
  return Math.max(1, Math.round((count * sampleNs) / run(count)));
}
