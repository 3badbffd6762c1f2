// Quantiles, and means with their 95 % intervals.

/** @param {number[]} values @param {number} q 0 to 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const [below, above] = [sorted[low], sorted[Math.ceil(at)]];
  return below === above ? below : below + (above - below) * (at - low); // they may be infinite
}

export const median = (values) => quantile(values, 0.5);

export const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Student's t for 95%, two-sided, by degrees of freedom from 1 on. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];
const t95 = (freedom) => T95[freedom - 1] ?? 2.086;

/**
 * A mean and its 95% interval, by Student's t. Of one value there is no interval.
 *
 * @typedef {{ value: number, low: number, high: number }} Estimate
 * @param {number[]} values one of each run
 * @returns {Estimate}
 */
export function estimate(values) {
  const n = values.length;
  const value = mean(values);
  if (n < 2) return { value, low: Number.NaN, high: Number.NaN };
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1);
  const half = t95(n - 1) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half };
}

/** The same for what is multiplied: of logarithms, so that a/b and b/a say the same. @returns {Estimate} */
export function estimateRatio(ratios) {
  const { value, low, high } = estimate(ratios.map(Math.log));
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}
