// What Node.js itself counts: the entries of perf_hooks, from one moment to another.

import { attachThread, monotonicNs, startGcHints } from 'schedhint';

export class Collections {
  /** Ended before perf_hooks was listened to: the block's count, read once, at that moment. */
  #before;
  /** Milliseconds on the clock of performance.now(). @type {{ end: number, duration: number, kind: string }[]} */
  #entries = [];

  constructor() {
    const { gc } = attachThread();
    for (;;) {
      this.#before = gc.count;
      const hints = startGcHints({ stats: true });
      hints.on('gc', ({ startTime, duration, kind }) => {
        this.#entries.push({ end: startTime + duration, duration, kind });
      });
      // A collection between the two lines would be in both counts, or in neither: once more then.
      if (gc.count === this.#before) return;
      hints.stop();
      this.#entries = [];
    }
  }

  /**
   * @param {bigint} [until] those that ended later do not count: nanoseconds of monotonicNs()
   */
  totals(until) {
    const origin = monotonicNs() - BigInt(Math.round(performance.now() * 1e6));
    const last = until === undefined ? Number.POSITIVE_INFINITY : Number(until - origin) / 1e6;
    const entries = this.#entries.filter(({ end }) => end <= last);
    const kinds = {};
    for (const { kind } of entries) kinds[kind] = (kinds[kind] ?? 0) + 1;
    return {
      gcCount: this.#before + entries.length,
      gcNs: Math.round(entries.reduce((sum, { duration }) => sum + duration, 0) * 1e6),
      gcKinds: kinds,
    };
  }
}
