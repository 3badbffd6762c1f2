// Defines the type of the validated options of tld(): the keys of the task local data, and which key receives which hint or GC
// field.

import type { FieldType } from '../layout/types.js';
import type { Channel } from './channel.js';

/** The types of the values that each thread has, by key name, in the order in which the keys are created. */
export type TldKeys = Readonly<Record<string, FieldType>>;

/** A hint's key, and what its values are divided by. */
export interface ScaledKey {
  readonly key: string;
  readonly per: number;
}

/** The hints that a key may be given to. */
export type HintName = 'urgency' | 'batch' | 'sliceUs' | 'deadlineNs' | 'user' | 'phase';

/** What of the collector's a key may be given to. */
export type GcName = 'gc' | 'gcSinceNs' | 'gcExpectUs';

/** The checked options of `tld()`. */
export interface TldDescription {
  readonly keys: TldKeys;
  readonly hints: Readonly<Partial<Record<HintName, ScaledKey>>>;
  readonly gc: Readonly<Partial<Record<GcName, string>>>;
  readonly dynamicBytes: number;
}

/** A channel of task local data. */
export interface TldChannel<Blocks = unknown> extends Channel<Blocks> {
  readonly kind: 'tld';
  readonly tld: TldDescription;
}

/** The size of a thread's block, in the format as it is spoken here, whatever the kernel's page is. */
export const TLD_PAGE = 4096;
/** In a thread's block, before its values. */
export const TLD_HEADER = 8;
/** The environment's variable for `dynamicBytes`. */
export const TLD_DYNAMIC_BYTES_VARIABLE = 'SCHEDHINT_TLD_DYNAMIC_BYTES';
/** The most that all values of a thread can take. */
export const TLD_MOST_BYTES = TLD_PAGE - TLD_HEADER;
