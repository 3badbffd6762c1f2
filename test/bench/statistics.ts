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

/** How often samples are drawn again for an interval. */
const DRAWS = 2000;

/** The mean, and its 95 % interval: what most of many means of samples drawn again are (bootstrap). */
export function intervalOfMean(samples: readonly number[]): Summary {
  const mean = (of: readonly number[]) => of.reduce((sum, one) => sum + one, 0) / of.length;
  const drawn = () => samples.map(() => samples[Math.floor(Math.random() * samples.length)]!);
  const means = ascending(Array.from({ length: DRAWS }, () => mean(drawn())));
  return { median: mean(samples), low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

function ascending(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b);
}
