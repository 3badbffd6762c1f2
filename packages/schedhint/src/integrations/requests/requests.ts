// Implements trackRequests(): checks its options and creates the tracker, which is stopped from the start with SCHEDHINT=off.

import { checkOptions, type Hints } from '@schedhint/core';
import { isDisabled } from '@schedhint/native';
import type { Requests } from './request.js';
import { Tracker } from './tracker.js';

/** Options of {@link trackRequests}. */
export interface RequestsOptions {
  /**
   * Also follow which request the thread works on: while a continuation of one runs (a callback, the
   * rest of an async function after an `await`) the hints are that request's own, and between
   * continuations those of all in flight, as without this.
   *
   * It goes by `async_hooks` and so costs something in every asynchronous operation of the thread:
   * `node examples/http/cost.mjs` prints how much.
   */
  readonly perContinuation?: boolean;
  /**
   * A request with a deadline expires after so many times the time that it had until then, 1..100;
   * 4 by default.
   */
  readonly expireFactor?: number;
  /**
   * Every request expires after so many seconds at the latest, with a deadline or without: a number
   * above 0, up to 3600; 30 by default.
   */
  readonly maxSeconds?: number;
}

const OPTIONS = ['perContinuation', 'expireFactor', 'maxSeconds'];

/**
 * Makes a thread's hints those of its requests: the earliest deadline and the highest urgency of all
 * that are in flight, written when one begins or ends and changes them. With none in flight there
 * is no opinion and no deadline.
 *
 * The tracker alone writes `urgency` and `deadlineNs` of these hints from now on: one for a thread.
 * A request that has missed its deadline stays the earliest until it ends or expires.
 *
 * If a channel refuses the hints (the mapping of `layered()` throws), the thread has no opinion until
 * they change, and the process gets a warning (`SCHEDHINT_REQUEST_REFUSED`), once.
 *
 * @param hints of `attachThread()`, of any channel
 * @throws TypeError, RangeError `ERR_SCHEDHINT_OPTION` for invalid options
 */
export function trackRequests(hints: Hints, options: RequestsOptions = {}): Requests {
  if (typeof hints?.set !== 'function') {
    throw Object.assign(new TypeError('hints: expected those of a thread'), {
      code: 'ERR_SCHEDHINT_OPTION',
    });
  }
  checkOptions('trackRequests', options, OPTIONS);
  const { perContinuation = false, expireFactor = 4, maxSeconds = 30 } = options;
  checkLimit('expireFactor', expireFactor, 1 <= expireFactor && expireFactor <= 100, '1..100');
  checkLimit('maxSeconds', maxSeconds, 0 < maxSeconds && maxSeconds <= 3600, 'above 0, up to 3600');
  const limits = { expireFactor, maxSeconds };
  if (!isDisabled()) return new Tracker(hints, perContinuation, limits);
  const tracker = new Tracker(hints, false, limits);
  tracker.stop();
  return tracker;
}

function checkLimit(name: string, value: unknown, isWithin: boolean, range: string): void {
  const isNumber = typeof value === 'number';
  if (isNumber && isWithin) return;
  const message = `${name}: expected a number ${range}, got ${isNumber ? value : typeof value}`;
  throw Object.assign(isNumber ? new RangeError(message) : new TypeError(message), {
    code: 'ERR_SCHEDHINT_OPTION',
  });
}
