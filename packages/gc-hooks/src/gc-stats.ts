// Computes the count, the total time and the longest pause of collections, for each kind and for all kinds.

import { V8GcKind } from '@schedhint/core/thread';
import type { Collection, CollectionKind } from './collections.js';

/** What collections of one kind, or of all, have cost. */
export interface GcTotals {
  readonly count: number;
  /** Milliseconds. */
  readonly totalMs: number;
  /** The longest pause, milliseconds. */
  readonly maxMs: number;
}

/** Statistics of this thread's collections since they were asked for. */
export interface GcStats extends GcTotals {
  readonly byKind: Readonly<Record<CollectionKind, GcTotals>>;
}

/** Adds collections up. */
export class GcCounter {
  readonly #byKind = Object.fromEntries(
    Object.keys(V8GcKind).map((kind) => [kind, { count: 0, totalMs: 0, maxMs: 0 }]),
  ) as Record<CollectionKind, { count: number; totalMs: number; maxMs: number }>;

  add({ kind, duration }: Collection): void {
    const totals = this.#byKind[kind];
    totals.count++;
    totals.totalMs += duration;
    totals.maxMs = Math.max(totals.maxMs, duration);
  }

  /** A copy: it does not change any more. */
  get stats(): GcStats {
    const stats = { count: 0, totalMs: 0, maxMs: 0, byKind: structuredClone(this.#byKind) };
    for (const { count, totalMs, maxMs } of Object.values(stats.byKind)) {
      stats.count += count;
      stats.totalMs += totalMs;
      stats.maxMs = Math.max(stats.maxMs, maxMs);
    }
    return stats;
  }
}
