import type { FieldType } from '../layout/types.js';

/** Values that a process has for each of its threads, by their names; in the order of creation. */
export type TldKeys = Readonly<Record<string, FieldType>>;

/** A hint's key, and what its values are divided by. */
export interface ScaledKey {
  readonly key: string;
  readonly per: number;
}

/** The hints that a key may be given to. */
export type HintName = 'urgency' | 'sliceUs' | 'deadlineNs' | 'user' | 'phase';

/** What of the collector's a key may be given to. */
export type GcName = 'gc' | 'gcSinceNs' | 'gcExpectNs';

/** What `tld()` was told, checked. */
export interface TldDescription {
  readonly keys: TldKeys;
  readonly hints: Readonly<Partial<Record<HintName, ScaledKey>>>;
  readonly gc: Readonly<Partial<Record<GcName, string>>>;
  readonly dynamicBytes: number;
}
