// Declares the door by which servers and framework plugins announce a message to a tracker, and finds the object that stands for one.

import type { InFlight } from './in-flight.js';
import type { HttpMessage } from './request.js';
import type { RequestHints } from './request-hints.js';

/** Names {@link Arrivals}' method: not a part of the public API. The same for all copies of this package. */
export const ARRIVE: unique symbol = Symbol.for('schedhint.requests.arrive') as never;

/** A tracker, as servers and plugins see it. */
export interface Arrivals {
  /**
   * Begins the request of a message. If it was begun before it gets the further hints. null from
   * `describe` leaves the message out, now and later; what it throws becomes a warning.
   *
   * @param message see {@link standsFor}
   * @param describe undefined: without an opinion
   * @returns the request if it has begun now: the caller must see to its end
   */
  [ARRIVE]<T>(
    message: object,
    describe: ((incoming: T) => RequestHints | null) | undefined,
    incoming: T,
    route?: string,
  ): InFlight | null;
}

/** What of a message carries its request: of a response the request, of HTTP/2's compatibility API the stream. */
export function standsFor(message: HttpMessage): object {
  const { req = message } = message as { req?: object };
  const { httpVersionMajor, stream } = req as { httpVersionMajor?: number; stream?: object };
  return httpVersionMajor === 2 && stream !== undefined ? stream : req;
}
