// Declares what is known of an HTTP request when it begins, and reads it from a message of HTTP/1 or a stream of HTTP/2.

import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { RequestHints } from './request-hints.js';

/** A server of `node:http`, `node:https` or `node:http2`. */
export type HttpServer = Server | HttpsServer | Http2Server | Http2SecureServer;

/** What is known of a request when it begins, whatever the version of HTTP. */
export interface IncomingRequest {
  readonly protocol: 'http' | 'http2';
  readonly method: string;
  /** As the client has sent it, up to its query: not decoded, and case-sensitive. */
  readonly path: string;
  /** As Node.js gives them: those of HTTP/2 have `:path`, `:authority` and the like. */
  readonly headers: IncomingHttpHeaders;
  /** Of HTTP/1 the message, of HTTP/2 the stream. */
  readonly raw: IncomingMessage | ServerHttp2Stream;
}

/** Options of {@link RequestTracker.http}. */
export interface TrackHttpOptions {
  /** Only the requests of this server, of HTTP/2 too. */
  readonly server?: HttpServer | undefined;
  /**
   * A request's hints; null: do not track it (an event stream, say, that stays open for hours).
   * What it throws, and an invalid hint, becomes a warning of the process (`SCHEDHINT_REQUEST`),
   * once, and the request is tracked without an opinion, as all are without `describe`.
   */
  readonly describe?: ((message: IncomingRequest) => RequestHints | null) | undefined;
}

/** Reads headers when they are asked for: Node.js parses those of HTTP/1 at the first use. */
export class IncomingHttp1 implements IncomingRequest {
  readonly raw: IncomingMessage;
  /** The pattern of the rule that it matches; written by the one that has rules. */
  route: string | undefined = undefined;

  constructor(raw: IncomingMessage) {
    this.raw = raw;
  }

  get protocol() {
    return 'http' as const;
  }

  get method(): string {
    return this.raw.method ?? '';
  }

  get path(): string {
    return withoutQuery(this.raw.url);
  }

  get headers(): IncomingHttpHeaders {
    return this.raw.headers;
  }
}

/** The same of a stream of HTTP/2 and its headers. */
export class IncomingHttp2 implements IncomingRequest {
  readonly raw: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  route: string | undefined = undefined;

  constructor(raw: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.raw = raw;
    this.headers = headers;
  }

  get protocol() {
    return 'http2' as const;
  }

  get method(): string {
    return (this.headers[':method'] as string | undefined) ?? '';
  }

  get path(): string {
    return withoutQuery(this.headers[':path'] as string | undefined);
  }
}

function withoutQuery(url: string | undefined): string {
  if (url === undefined) return '';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
