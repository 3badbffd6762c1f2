// Implements trackRequests(): checks its options and creates the tracker, which is stopped from the start with SCHEDHINT=off.

import { attachThread, checkOptions, type StandardThread } from '@schedhint/core/thread';
import { isDisabled } from '@schedhint/native';
import { refusal } from './refusal.js';
import type { RequestTracker } from './request.js';
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

/**
 * Makes a thread's hints those of its requests: the earliest deadline and the highest urgency of all
 * that are in flight, written when one begins or ends and changes them. With none in flight there
 * is no opinion and no deadline.
 *
 * The tracker alone writes `urgency` and `deadlineNs` of the thread's hints from now on: one for a
 * thread. A request that has missed its deadline stays the earliest until it ends or expires.
 *
 * If a channel refuses the hints (the mapping of `layered()` throws), the thread has no opinion until
 * they change, and the process gets a warning (`SCHEDHINT_REQUEST_REFUSED`), once.
 *
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for invalid options
 */
export function trackRequests(options: TrackRequestsOptions = {}): RequestTracker {
  checkOptions('trackRequests', options, OPTIONS);
  const { thread = attachThread(), expireFactor = 4, maxSeconds = 30 } = options;
  if (typeof thread?.hints?.set !== 'function') {
    throw refusal('thread: expected what attachThread() returns, with hints');
  }
  checkLimit('expireFactor', expireFactor, 1 <= expireFactor && expireFactor <= 100, '1..100');
  checkLimit('maxSeconds', maxSeconds, 0 < maxSeconds && maxSeconds <= 3600, 'above 0, up to 3600');
  const tracker = new Tracker(thread.hints, { expireFactor, maxSeconds });
  if (isDisabled()) tracker.stop();
  return tracker;
}

function checkLimit(name: string, value: unknown, isWithin: boolean, range: string): void {
  const isNumber = typeof value === 'number';
  if (isNumber && isWithin) return;
  const message = `${name}: expected a number ${range}, got ${isNumber ? value : typeof value}`;
  throw refusal(message, isNumber ? RangeError : TypeError);
}
