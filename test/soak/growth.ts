/** A straight line through a value at each round, by least squares. */
export interface Growth {
  /** For each round. */
  readonly slope: number;
  /** Three standard errors: 0 is outside of slope +- margin in about 1 of 100 series that do not grow. */
  readonly margin: number;
  /** The least that it has grown over all rounds, with that certainty. */
  readonly atLeast: number;
}

/** @param values one for each round, three at least */
export function growthOf(values: readonly number[]): Growth {
  const n = values.length;
  const middle = (n - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  let spread = 0;
  let together = 0;
  values.forEach((value, i) => {
    spread += (i - middle) ** 2;
    together += (i - middle) * (value - mean);
  });
  const slope = together / spread;
  const residues = values.map((value, i) => value - mean - slope * (i - middle));
  const variance = residues.reduce((sum, residue) => sum + residue ** 2, 0) / (n - 2);
  const margin = 3 * Math.sqrt(variance / spread);
  return { slope, margin, atLeast: (slope - margin) * (n - 1) };
}
