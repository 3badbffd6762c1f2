// Implements trackRequests(): checks its options, and finds the thread's tracker or creates it, stopped from the start with
// SCHEDHINT=off.

import { attachThread, checkOptions, type StandardThread } from '@schedhint/core/thread';
import { isDisabled } from '@schedhint/native';
import { ARRIVE, type Arrivals } from './arrivals.js';
import { refusal } from './refusal.js';
import type { RequestTracker } from './request.js';
import { setThreadTracker, threadTracker } from './thread-tracker.js';
import { Tracker } from './tracker.js';

/** Options of {@link trackRequests}. */
export interface TrackRequestsOptions {
  /** The thread whose hints are made, of any channel with hints; by default `attachThread()`. */
  readonly thread?: Pick<StandardThread, 'hints'> | undefined;
  /**
   * A request with a deadline expires after so many times the time that it had until then, 1..100;
   * 4 by default.
   */
  readonly expireFactor?: number | undefined;
  /**
   * Every request expires after so many seconds at the latest, with a deadline or without: a number
   * above 0, up to 3600; 30 by default.
   */
  readonly maxSeconds?: number | undefined;
}

const OPTIONS = ['thread', 'expireFactor', 'maxSeconds'];
const DEFAULTS = { expireFactor: 4, maxSeconds: 30 };

/**
 * Makes a thread's hints those of its requests: the earliest deadline and the highest urgency of all
 * that are in flight, written when one begins or ends and changes them. With none in flight there
 * is no opinion and no deadline.
 *
 * The tracker alone writes `urgency` and `deadlineNs` of the thread's hints from now on. So a thread
 * has one: each call returns the same, with the given limits, until it is stopped. It may be the
 * one that `schedhint/register` has begun. A thread of another channel or map gets a new one at each call.
 *
 * A request that has missed its deadline stays the earliest until it ends or expires.
 *
 * If a channel refuses the hints (the mapping of `layered()` throws), the thread has no opinion until
 * they change, and the process gets a warning (`SCHEDHINT_REQUEST_REFUSED`), once.
 *
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for invalid options
 */
export function trackRequests(options: TrackRequestsOptions = {}): RequestTracker {
  checkOptions('trackRequests', options, OPTIONS);
  const { thread, expireFactor, maxSeconds } = options;
  if (thread !== undefined && typeof thread?.hints?.set !== 'function') {
    throw refusal('thread: expected what attachThread() returns, with hints');
  }
  checkLimit('expireFactor', expireFactor, (n) => 1 <= n && n <= 100, '1..100');
  checkLimit('maxSeconds', maxSeconds, (n) => 0 < n && n <= 3600, 'above 0, up to 3600');
  const existing = threadTracker();
  if (existing !== undefined && (thread === undefined || thread.hints === attachThread().hints)) {
    existing.limit({ expireFactor, maxSeconds });
    return existing;
  }
  const { hints } = thread ?? attachThread();
  const tracker = new Tracker(hints, DEFAULTS);
  tracker.limit({ expireFactor, maxSeconds });
  if (isDisabled()) tracker.stop();
  else if (thread === undefined) setThreadTracker(tracker);
  return tracker;
}

/**
 * The tracker that an integration was given, or the thread's.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for anything else
 */
export function trackerOf(
  given: RequestTracker | undefined = trackRequests(),
): RequestTracker & Arrivals {
  if (typeof (given as Partial<Arrivals> | null)?.[ARRIVE] !== 'function') {
    throw refusal('tracker: expected what trackRequests() returns');
  }
  return given as RequestTracker & Arrivals;
}

function checkLimit(
  name: string,
  value: unknown,
  isWithin: (value: number) => boolean,
  range: string,
): void {
  if (value === undefined) return;
  const isNumber = typeof value === 'number';
  if (isNumber && isWithin(value)) return;
  const message = `${name}: expected a number ${range}, got ${isNumber ? value : typeof value}`;
  throw refusal(message, isNumber ? RangeError : TypeError);
}
