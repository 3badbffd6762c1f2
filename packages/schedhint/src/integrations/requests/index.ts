/**
 * A thread's hints from the requests that it has in flight.
 *
 * @packageDocumentation
 */
export { type AnyHttp2Server, type HttpRequest, type HttpServer, trackHttpServer } from './http.js';
export type { Request, Requests } from './request.js';
export type { RequestHints } from './request-hints.js';
export { type RequestsOptions, trackRequests } from './requests.js';
