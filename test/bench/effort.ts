/** How long to measure: for numbers, or only to see that every row works. */
export interface Effort {
  readonly short: boolean;
  /** Samples of each row, taken in turn. */
  readonly samples: number;
  /** What one sample of a loop should take, nanoseconds. */
  readonly sampleNs: number;
}

export const FULL: Effort = { short: false, samples: 300, sampleNs: 400_000 };
export const SHORT: Effort = { short: true, samples: 3, sampleNs: 20_000 };
