// Declares what measures a thread's stalls: the addon, or a timer where there is no addon.

import type { Measured } from './attribution.js';
import type { Stall } from './stall.js';

/** What a source has measured of one stall. */
export interface MeasuredStall
  extends Pick<Stall, 'at' | 'gc' | 'switches' | 'majorFaults'>,
    Measured {
  /** Of quotas, during the stall. */
  readonly periods: number;
  readonly throttledPeriods: number;
}

/** Measures the stalls of the calling thread, and reports each when it is over. */
export interface StallSource {
  readonly precision: Stall['precision'];
  /** Changes what counts as a stall. */
  setThreshold(ms: number): void;
  /** Of the last second the share that the thread was ready to run and had no CPU; -1: not known. */
  starvedShare(): number;
  stop(): void;
}
