// Declares the types of a row of the benchmark and of a group of rows. Has no code.

import type { Bed } from './bed.js';
import type { Effort } from './effort.js';
import type { Summary } from './statistics.js';

/** A line of the table. */
export type Row = MeasuredRow | MissingRow;

export interface MeasuredRow extends Summary {
  readonly id: string;
  /** Nanoseconds for each operation, or what the number is. */
  readonly unit: string;
  /** The row that it is compared with. */
  readonly against?: string | undefined;
}

/** One that cannot be measured here. */
export interface MissingRow {
  readonly id: string;
  readonly why: string;
}

/** Rows that belong together and are measured together. A file of groups/. */
export interface Group {
  readonly name: string;
  /** All that it has, measured or not. */
  readonly ids: readonly string[];
  measure(bed: Bed, effort: Effort): Promise<Row[]>;
}
