import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHints } from './request-hints.js';
import type { Requests } from './requests.js';

/** What such a server calls. */
export type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of `node:http` or `node:https`. */
export interface HttpServer {
  /** As of every EventEmitter. */
  prependListener(event: 'request', listener: OnRequest): unknown;
  /** As of every EventEmitter. */
  removeListener(event: 'request', listener: OnRequest): unknown;
}

/**
 * Tracks a server's requests: each begins before the server's own listeners run, and ends when its
 * response is sent or its connection is gone.
 *
 * @param describe what a request wants, from its method, path and headers; null: do not track it (an
 *   event stream, say, that stays open for hours). What it throws is told as a warning, once
 * @returns stops it; requests in flight end as ever
 */
export function trackHttpServer(
  server: HttpServer,
  requests: Requests,
  describe: (request: IncomingMessage) => RequestHints | null,
): () => void {
  const begin: OnRequest = (incoming, response) => {
    const request = requests.beginAs(describe, incoming);
    if (request !== null) response.once('close', () => request.end());
  };
  server.prependListener('request', begin);
  return () => {
    server.removeListener('request', begin);
  };
}
