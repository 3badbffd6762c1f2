/**
 * A thread's hints from the requests that it has in flight.
 *
 * @packageDocumentation
 */
export { type AnyHttp2Server, type HttpRequest, type HttpServer, trackHttpServer } from './http.js';
export type { RequestHints } from './request-hints.js';
export { type Request, type Requests, type RequestsOptions, trackRequests } from './requests.js';
