// Declares the public interfaces of request tracking; in-flight.ts implements TrackedRequest, and tracker.ts implements RequestTracker.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Stoppable } from '@schedhint/core/thread';
import type { TrackHttpOptions } from './incoming-request.js';
import type { RequestHints } from './request-hints.js';

/** A request that a {@link RequestTracker} has begun. */
export interface TrackedRequest {
  /** The route's pattern, as `/users/:id`, where a framework's integration knows it. */
  readonly route: string | undefined;
  /**
   * Changes its hints: a hint that is omitted or undefined stays as it is, null takes it back. A
   * no-op after its end.
   *
   * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for an
   *   invalid hint; TypeError `ERR_SCHEDHINT_OPTION` for an unknown name, or two deadlines
   */
  set(hints: RequestHints): void;
  /** The request is answered or given up. Never throws; idempotent. */
  end(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** A message of HTTP, of either side: HTTP/2 has its stream, and those of the compatibility API. */
export type HttpMessage =
  | IncomingMessage
  | ServerResponse
  | ServerHttp2Stream
  | Http2ServerRequest
  | Http2ServerResponse;

/**
 * The requests that a thread has in flight.
 *
 * A request counts until it ends or expires. One that has expired is as one that has ended: it is
 * not in `inFlight`, its hints are gone, and its `set()` and `end()` are no-ops. Expiry is checked
 * ten times a second, by one timer that keeps no process alive.
 */
export interface RequestTracker extends Stoppable {
  /** How many have begun, and have neither ended nor expired. */
  readonly inFlight: number;

  /**
   * A request begins; it lasts until its `end()`, or until its signal is aborted.
   *
   * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for an
   *   invalid hint; TypeError `ERR_SCHEDHINT_OPTION` for an unknown name, or two deadlines
   */
  begin(hints?: RequestHints): TrackedRequest;

  /**
   * Calls a function as a request, which ends when the function returns or throws, or when the
   * promise that it returns is settled. A lazy promise, as query builders return, is returned as it
   * is; its request ends with the outcome of the caller's first `await` or `then()`.
   *
   * A function that answers through a callback has returned long before: use `begin()`, and `end()` in
   * the callback.
   *
   * @throws as {@link RequestTracker.begin}, before the function is called; and what the function throws
   */
  run<R>(hints: RequestHints, fn: (request: TrackedRequest) => R): R;

  /**
   * The request of a message that {@link RequestTracker.http} or a framework's plugin has begun here,
   * also after its end; undefined if none was. A response has that of its request, and a message of
   * the compatibility API that of its stream.
   */
  of(message: HttpMessage): TrackedRequest | undefined;

  /**
   * Tracks the requests of a server, or without one those of all servers of this thread: HTTP/1 and,
   * where Node.js announces its streams (22.17, 24.2 and later), HTTP/2. A request
   * begins before the server's own listeners run. It ends when its response is closed or its
   * connection is gone; a stream of HTTP/2 when it is closed. A connection that is upgraded
   * (WebSocket) and a CONNECT are not requests: they are not tracked.
   *
   * A message counts once, whatever else tracks it with this tracker: a server, a framework's plugin.
   * The later one's hints are added, as by `set()`; null from one of them leaves the message out.
   *
   * @returns stops it; requests in flight end as ever
   * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option
   */
  http(options?: TrackHttpOptions): Stoppable;

  /** Ends all requests and the tracking; the hints are taken back. Later ones are not tracked. */
  stop(): void;
}
