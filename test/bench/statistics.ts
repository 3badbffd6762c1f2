/** What samples have in common: their median, and where 8 of 10 lie. */
export interface Summary {
  readonly median: number;
  /** The 10th percentile. */
  readonly low: number;
  /** The 90th percentile. */
  readonly high: number;
}

/** @param fraction 0..1 of the samples are smaller; between two of them it is interpolated */
export function quantile(sorted: readonly number[], fraction: number): number {
  const place = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place % 1);
}

export function median(samples: readonly number[]): number {
  return quantile(ascending(samples), 0.5);
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = ascending(samples);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.1),
    high: quantile(sorted, 0.9),
  };
}

function ascending(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b);
}
