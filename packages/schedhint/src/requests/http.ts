// Announces HTTP requests to a tracker: those of one server by its events, or those of all servers of the thread by Node.js's
// diagnostics channels.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { ARRIVE, type Arrivals } from './arrivals.js';
import { endWithResponse, endWithStream } from './endings.js';
import type { InFlight } from './in-flight.js';
import {
  type HttpServer,
  IncomingHttp1,
  IncomingHttp2,
  type TrackHttpOptions,
} from './incoming-request.js';
import { listenBeside } from './listening.js';

type Describe = TrackHttpOptions['describe'];

/** Requests of HTTP/1, before the server's 'request' event or one in its place. */
const HTTP1 = 'http.server.request.start';
/** Streams of HTTP/2, before the session's 'stream' event. Node.js 20 has no such channel. */
const HTTP2 = 'http2.server.stream.created';

/** Announces the requests of one server. @returns stops it */
export function listenToServer(
  server: HttpServer,
  tracker: Arrivals,
  describe: Describe,
): () => void {
  const guard = guardWith(() => stop());
  const onRequest = guard((message: IncomingMessage, response: ServerResponse) => {
    // Of HTTP/2 the stream has begun already.
    if (message.httpVersionMajor < 2) begin(tracker, describe, message, response);
  });
  const stop = listenBeside(server, {
    request: onRequest,
    // Emitted instead of 'request' where the app listens to them.
    checkContinue: onRequest,
    checkExpectation: onRequest,
    // Of HTTP/2 alone.
    stream: guard((stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      beginStream(tracker, describe, stream, headers),
    ),
  });
  return stop;
}

/** Announces the requests of all servers of the thread. @returns stops it */
export function listenToChannels(tracker: Arrivals, describe: Describe): () => void {
  const guard = guardWith(() => stop());
  const onRequest = guard((published: unknown) => {
    const { request, response } = published as {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
    };
    begin(tracker, describe, request, response);
  });
  const onStream = guard((published: unknown) => {
    const { stream, headers } = published as {
      readonly stream: ServerHttp2Stream;
      readonly headers: IncomingHttpHeaders;
    };
    // Those of the server have even ids: what it pushes is no request.
    if (stream.id! % 2 === 1) beginStream(tracker, describe, stream, headers);
  });
  const stop = () => {
    unsubscribe(HTTP1, onRequest);
    unsubscribe(HTTP2, onStream);
  };
  subscribe(HTTP1, onRequest);
  subscribe(HTTP2, onStream);
  return stop;
}

/**
 * Makes listeners that never throw: that would be an uncaught exception of the app. One that fails will
 * fail again, at each request, so it is stopped, with a warning.
 */
function guardWith(stop: () => void) {
  return <A extends unknown[]>(listener: (...args: A) => void) =>
    (...args: A): void => {
      try {
        listener(...args);
      } catch (error) {
        stop();
        process.emitWarning(`requests are no longer tracked: ${error}`, {
          code: 'SCHEDHINT_REQUEST_STOPPED',
        });
      }
    };
}

function begin(
  tracker: Arrivals,
  describe: Describe,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  const incoming = new IncomingHttp1(message);
  const request = tracker[ARRIVE](message, describe, incoming);
  if (request === null) return;
  request.route = incoming.route;
  request.method = incoming.method;
  orEnd(request, () => endWithResponse(request, message, response));
}

function beginStream(
  tracker: Arrivals,
  describe: Describe,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void {
  const incoming = new IncomingHttp2(stream, headers);
  if (incoming.method === 'CONNECT') return;
  const request = tracker[ARRIVE](stream, describe, incoming);
  if (request === null) return;
  request.route = incoming.route;
  request.method = incoming.method;
  orEnd(request, () => endWithStream(request, stream));
}

/** Ends a request now if nothing else would. */
function orEnd(request: InFlight, wait: () => void): void {
  try {
    wait();
  } catch (error) {
    request.end();
    throw error;
  }
}
