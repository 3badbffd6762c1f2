import type { Hints } from '@schedhint/core';
import { isDisabled } from '@schedhint/native';
import type { RequestHints } from './request-hints.js';
import { Tracker } from './tracker.js';

/** A request that {@link Requests.begin} has begun. */
export interface Request {
  /**
   * Changes what it wants: a hint that is omitted or undefined stays as it is. A no-op after its end.
   *
   * @throws TypeError `ERR_FIELD_TYPE`, RangeError `ERR_FIELD_RANGE` for an invalid hint
   */
  set(hints: RequestHints): void;
  /** The request is answered or given up. Never throws; idempotent. */
  end(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

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

/**
 * The requests that a thread has in flight.
 *
 * A request counts until it ends or expires. One that has expired is as one that has ended: it is
 * not in `inFlight`, its hints are gone, and its `set()` and `end()` are no-ops. Expiry is checked
 * ten times a second, by one timer that keeps no process alive.
 */
export interface Requests {
  /** How many have begun, and have neither ended nor expired. */
  readonly inFlight: number;

  /**
   * A request begins. With `perContinuation` it is what the caller's asynchronous context works on
   * from now on.
   *
   * @throws TypeError `ERR_FIELD_TYPE`, RangeError `ERR_FIELD_RANGE` for an invalid hint
   */
  begin(hints?: RequestHints): Request;

  /**
   * A function of which each call is a request, until it returns or the promise that it returns is
   * settled. A lazy promise, as query builders return, is returned as it is; its request ends with
   * the outcome of the caller's first `await` or `then()`.
   *
   * A function that answers through a callback has returned long before: it gets a warning, once
   * (`SCHEDHINT_REQUEST_CALLBACK`). Use `begin()` and `end()` for it.
   *
   * @param describe what a call wants, from its arguments; null: do not track this one. If it throws,
   *   or returns an invalid hint or a promise, the process gets a warning (`SCHEDHINT_REQUEST`), once,
   *   and the call goes on without hints
   */
  wrap<A extends unknown[], R>(
    describe: (...args: A) => RequestHints | null,
    handler: (...args: A) => R,
  ): (...args: A) => R;

  /**
   * As `begin`, for adapters: what `describe` throws becomes a warning of the process, as with `wrap`.
   *
   * @returns null if `describe` has returned null
   */
  beginAs<A extends unknown[]>(
    describe: (...args: A) => RequestHints | null,
    ...args: A
  ): Request | null;

  /** Ends all requests and the tracking; the hints are taken back. Later ones are not tracked. */
  stop(): void;
}

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
 * @throws TypeError, RangeError `ERR_OPTION` for invalid options
 */
export function trackRequests(hints: Hints, options: RequestsOptions = {}): Requests {
  if (typeof hints?.set !== 'function') {
    throw Object.assign(new TypeError('hints: expected those of a thread'), { code: 'ERR_OPTION' });
  }
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
    code: 'ERR_OPTION',
  });
}
