// Declares what the metrics read of a thread's stalls.

/** All stalls of a thread since it was first watched. They do not start again with another monitor. */
export interface StallCounts {
  /** Milliseconds of each part. */
  readonly partsMs: Readonly<Record<string, number>>;
  /** How many stalls had each cause. */
  readonly causes: Readonly<Record<string, number>>;
}

/** What watches a thread, as the metrics find it: `process[Symbol.for('schedhint.stalls.watch/1')]`. */
export interface CountingWatch {
  /** null: there is no monitor now. */
  readonly counts: StallCounts | null;
}
