// Declares the public interfaces of request tracking; in-flight.ts implements Request, and tracker.ts implements Requests.

import type { Stoppable } from '@schedhint/core';
import type { RequestHints } from './request-hints.js';

/** A request that {@link Requests.begin} has begun. */
export interface Request {
  /**
   * Changes what it wants: a hint that is omitted or undefined stays as it is. A no-op after its end.
   *
   * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for an invalid hint
   */
  set(hints: RequestHints): void;
  /** The request is answered or given up. Never throws; idempotent. */
  end(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * The requests that a thread has in flight.
 *
 * A request counts until it ends or expires. One that has expired is as one that has ended: it is
 * not in `inFlight`, its hints are gone, and its `set()` and `end()` are no-ops. Expiry is checked
 * ten times a second, by one timer that keeps no process alive.
 */
export interface Requests extends Stoppable {
  /** How many have begun, and have neither ended nor expired. */
  readonly inFlight: number;

  /**
   * A request begins. With `perContinuation` it is what the caller's asynchronous context works on
   * from now on.
   *
   * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for an invalid hint
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
