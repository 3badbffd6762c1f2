// Implements trackHttpServer(): listens to a server's events, and begins a request per HTTP/1 request or HTTP/2 stream.

import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import { type Stoppable, stoppable } from '@schedhint/core';
import { isDisabled } from '@schedhint/native';
import { endWithResponse, endWithStream } from './endings.js';
import { listenBeside } from './listening.js';
import type { Requests } from './request.js';
import { checkDescribe, type RequestHints } from './request-hints.js';

/** A server of `node:http` or `node:https`. */
export type HttpServer = Server | HttpsServer;

/** A server of `node:http2`. */
export type AnyHttp2Server = Http2Server | Http2SecureServer;

/** What is known of a request when it begins, whatever the version of HTTP. */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** The path with its query. */
  readonly url?: string | undefined;
  /** As Node.js gives them: those of HTTP/2 have `:path`, `:authority` and the like. */
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
}

/**
 * Tracks a server's requests. Each begins before the server's own listeners run, and ends when its
 * response is closed or its connection is gone; a stream of HTTP/2 when it is closed. A connection
 * that is upgraded (WebSocket) and a CONNECT are not requests: they are not tracked.
 *
 * @param describe what a request wants, from its method, path and headers; null: do not track it (an
 *   event stream, say, that stays open for hours). What it throws is told as a warning, once
 * @returns stops it; requests in flight end as ever
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if `describe` is not a function
 */
export function trackHttpServer(
  server: AnyHttp2Server,
  requests: Requests,
  describe: (request: HttpRequest) => RequestHints | null,
): Stoppable;
export function trackHttpServer(
  server: HttpServer,
  requests: Requests,
  describe: (request: IncomingMessage) => RequestHints | null,
): Stoppable;
export function trackHttpServer(
  server: HttpServer | AnyHttp2Server,
  requests: Requests,
  describe: (request: IncomingMessage & HttpRequest) => RequestHints | null,
): Stoppable {
  checkDescribe(describe);
  if (isDisabled()) return stoppable(() => {});
  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => {
    // Of HTTP/2 the stream has begun already.
    if (incoming.httpVersionMajor >= 2) return;
    const request = requests.beginAs(describe, incoming);
    if (request !== null) endWithResponse(request, incoming, response);
  };
  const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const message = messageOf(headers);
    if (message.method === 'CONNECT') return;
    const request = requests.beginAs(describe as (request: HttpRequest) => null, message);
    if (request !== null) endWithStream(request, stream);
  };
  const stop = listenBeside(server, {
    request: onRequest,
    // Emitted instead of 'request' where the app listens to them.
    checkContinue: onRequest,
    checkExpectation: onRequest,
    // Of HTTP/2 alone.
    stream: onStream,
  });
  return stoppable(stop);
}

function messageOf(headers: IncomingHttpHeaders): HttpRequest {
  return {
    method: headers[':method'] as string | undefined,
    url: headers[':path'] as string | undefined,
    headers,
    httpVersion: '2.0',
  };
}
