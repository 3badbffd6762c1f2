// Ends a tracked request when its HTTP response, its connection or its HTTP/2 stream is closed.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TrackedRequest } from './request.js';

/** The requests of a connection, as a property of its socket: faster than a WeakMap. */
const REQUESTS = Symbol('schedhint.requests');

interface Connection extends Socket {
  [REQUESTS]?: Set<TrackedRequest>;
}

/**
 * Ends a request when its response or its connection is closed, whichever comes first. Of a client
 * that pipelines and hangs up, Node.js 20 and 22 close only the first response; the connection is
 * closed on every version. Never at 'finish': then the answer is only on its way.
 */
export function endWithResponse(
  request: TrackedRequest,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  const connection = socket as Connection | null;
  if (connection?.closed) {
    request.end();
    return;
  }
  const requests = connection === null ? undefined : requestsOf(connection);
  requests?.add(request);
  // Not once(): it takes longer, and to end a request again is a no-op.
  response.on('close', () => {
    requests?.delete(request);
    request.end();
  });
}

/** One listener for each connection, however many requests it has. */
function requestsOf(connection: Connection): Set<TrackedRequest> {
  let requests = connection[REQUESTS];
  if (requests === undefined) {
    requests = new Set();
    connection[REQUESTS] = requests;
    const all = requests;
    connection.once('close', () => {
      for (const request of all) request.end();
      all.clear();
    });
  }
  return requests;
}

/** Ends a request when its stream is closed: answered, cancelled, or its session is destroyed. */
export function endWithStream(request: TrackedRequest, stream: ServerHttp2Stream): void {
  if (stream.closed || stream.destroyed) request.end();
  else stream.on('close', () => request.end());
}
