// Exports request tracking for the package's root; arrivals.js and endings.js are for the framework plugins.

export type { HttpServer, IncomingRequest, TrackHttpOptions } from './incoming-request.js';
export type { HttpMessage, RequestTracker, TrackedRequest } from './request.js';
export type { RequestHints } from './request-hints.js';
export { type TrackRequestsOptions, trackRequests } from './track-requests.js';
