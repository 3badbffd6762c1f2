/**
 * A thread's hints from the requests that it has in flight.
 *
 * @packageDocumentation
 */
export { type HttpServer, type OnRequest, trackHttpServer } from './http.js';
export type { RequestHints } from './request-hints.js';
export { type Request, type Requests, type RequestsOptions, trackRequests } from './requests.js';
