// What Node.js itself counts and measures: the entries of perf_hooks that listen.cjs keeps, which
// know nothing of the block that the kernel reads. (An app that needs numbers has it easier:
// startGcHints({ stats: true }).stats. But the demo compares to the last collection.)

import { monotonicNs } from '@schedhint/core';
import { attachThread } from 'schedhint';
import { V8GcKind } from 'schedhint/abi';

export class Collections {
  /**
   * In the order of their ends; milliseconds on the clock of performance.now().
   *
   * @type {readonly { end: number, duration: number, kind: number }[]}
   */
  #entries = globalThis[Symbol.for('schedhint.demo.collections')];
  /** perf_hooks was there before the preload's GC hook, which had counted this many... */
  #publishedThen;
  /** ...at this moment. */
  #then;

  constructor() {
    const { gc } = attachThread();
    // A collection between the two lines would be in one of them only: once more then.
    do {
      this.#publishedThen = gc.count;
      this.#then = performance.now();
    } while (gc.count !== this.#publishedThen);
  }

  /** @param {bigint} [until] later ones do not count: nanoseconds of monotonicNs() */
  totals(until) {
    const origin = monotonicNs() - BigInt(Math.round(performance.now() * 1e6));
    const last = until === undefined ? Number.POSITIVE_INFINITY : Number(until - origin) / 1e6;
    // Those that were over before there was a hook are the first ones.
    const endedThen = this.#entries.filter(({ end }) => end <= this.#then).length;
    const published = this.#entries.slice(Math.max(0, endedThen - this.#publishedThen));
    const entries = published.filter(({ end }) => end <= last);
    return {
      gcCount: entries.length,
      gcNs: Math.round(entries.reduce((sum, { duration }) => sum + duration, 0) * 1e6),
      gcKinds: kindsOf(entries),
    };
  }
}

function kindsOf(entries) {
  const kinds = {};
  for (const [name, bit] of Object.entries(V8GcKind)) {
    const count = entries.filter(({ kind }) => kind === bit).length;
    if (count > 0) kinds[name] = count;
  }
  return kinds;
}
