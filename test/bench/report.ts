// Converts the rows of a benchmark run into its JSON report: medians, percentiles, and ratios to a reference row, rounded to four
// significant digits.

import type { MeasuredRow, Row } from './row.js';

/** What one run of the benchmark has found, as `--json` prints it. */
export interface Report {
  readonly node: string;
  readonly cpu: string;
  readonly kernel: string;
  readonly rows: Readonly<Record<string, JsonRow>>;
}

/** Of a row; `ns` where that is its unit, else `value`. The rest are the 10th and 90th percentiles. */
export type JsonRow =
  | { ns: number; unit: 'ns'; low: number; high: number; ratioTo?: string; ratio?: number }
  | { value: number; unit: string; low: number; high: number; ratioTo?: string; ratio?: number }
  | { why: string };

/** The rows of a run in the order of the table, as JSON has them. */
export function jsonOf(rows: readonly Row[]): Record<string, JsonRow> {
  const medians = new Map(
    rows.filter((row): row is MeasuredRow => 'median' in row).map(({ id, median }) => [id, median]),
  );
  return Object.fromEntries(rows.map((row) => [row.id, jsonRow(row, medians)]));
}

function jsonRow(row: Row, medians: ReadonlyMap<string, number>): JsonRow {
  if (!('median' in row)) return { why: row.why };
  const { median, unit, low, high, against } = row;
  const reference = against === undefined ? undefined : medians.get(against);
  const ratio = reference ? { ratioTo: against!, ratio: rounded(median / reference) } : {};
  const spread = { low: rounded(low), high: rounded(high), ...ratio };
  return unit === 'ns'
    ? { ns: rounded(median), unit, ...spread }
    : { value: rounded(median), unit, ...spread };
}

/** To four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
