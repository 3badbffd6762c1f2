// Keeps the tracker of a thread where all copies of this package find it: a preload's, an application's, one in a bundle.

import type { Arrivals } from './arrivals.js';
import type { LimitChanges } from './lifetimes.js';
import type { RequestTracker } from './request.js';

/** What the copies expect of each other's tracker. Another number for what is not compatible: such copies do not meet. */
const TRACKER = Symbol.for('schedhint.requests.tracker/1');

/** What is known of a request in flight. */
export interface RequestInFlight {
  /** Of HTTP; empty for other requests. */
  readonly method: string;
  /** The pattern of its route; empty where that is not known. */
  readonly route: string;
  readonly ageMs: number;
}

/** A tracker, as other copies see it. */
export interface ThreadTracker extends RequestTracker, Arrivals {
  readonly isStopped: boolean;
  /** Those in flight, the oldest first, at most so many. Older copies do not have it. */
  oldest?(count: number): RequestInFlight[];
  /** Changes limits, for requests that begin or change from now on. */
  limit(limits: LimitChanges): void;
}

/** Of this thread: a worker has its own `process`. */
const shared = process as { [TRACKER]?: ThreadTracker };

/** The thread's tracker; undefined before the first, and when it was stopped. */
export function threadTracker(): ThreadTracker | undefined {
  const tracker = shared[TRACKER];
  return tracker?.isStopped === false ? tracker : undefined;
}

/** Makes a tracker the thread's. */
export function setThreadTracker(tracker: ThreadTracker): void {
  Object.defineProperty(shared, TRACKER, { value: tracker, configurable: true });
}
