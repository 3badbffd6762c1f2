/**
 * A Fastify plugin: a thread's hints from the requests that its server has in flight.
 *
 * @packageDocumentation
 */
import type { ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { checkOptions } from '@schedhint/core/thread';
import { isDisabled } from '@schedhint/native';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { ARRIVE, type Arrivals, standsFor } from '../../requests/arrivals.js';
import { endWithResponse, endWithStream } from '../../requests/endings.js';
import type { RequestHints, RequestTracker, TrackedRequest } from '../../requests/index.js';
import { trackerOf } from '../../requests/track-requests.js';

/** A route's hints, its deadline counted from a request's beginning: `config: { schedhint: { urgency: 'high', deadlineMs: 50 } }`. */
export type RouteHints = Pick<RequestHints, 'urgency' | 'deadlineMs'>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route's requests want of the scheduler; null: do not track them. */
    schedhint?: RouteHints | null;
  }
}

/** Options of {@link fastifyRequests}. */
export interface FastifyRequestsOptions {
  /**
   * Made by `trackRequests()`; by default the thread's. It is for an app that tracks requests for
   * another channel.
   */
  readonly tracker?: RequestTracker | undefined;
  /**
   * A request's hints, instead of what its route's `config.schedhint` says; null: do not track it.
   * What it throws becomes a warning of the process, once.
   */
  readonly describe?: ((request: FastifyRequest) => RequestHints | null) | undefined;
}

/** Ours, and those that Fastify itself takes from what register() is given. */
const OPTIONS = ['tracker', 'describe', 'prefix', 'logLevel', 'logSerializers', 'encapsulate'];

function describeRoute({ routeOptions }: FastifyRequest): RequestHints | null {
  const { schedhint: wanted = {} } = routeOptions.config;
  return wanted;
}

/** Whether its server has handed the connection over (WebSocket): it is no request then. */
const isUpgrade = ({ raw }: FastifyRequest) => 'upgrade' in raw && raw.upgrade === true;

/** @returns false if nothing is closed when the request ends: it is one of `fastify.inject()` */
function endWithConnection(request: TrackedRequest, { raw }: FastifyRequest, reply: FastifyReply) {
  const { stream } = raw as { stream?: ServerHttp2Stream };
  if (stream !== undefined) endWithStream(request, stream);
  else if (raw.socket instanceof Duplex) endWithResponse(request, raw, reply.raw);
  else return false;
  return true;
}

/**
 * Tracks every request of a server, of all its routes: from `onRequest` until the response is closed
 * or its connection is gone. A connection that is upgraded (WebSocket) is not tracked. A request that
 * `tracker.http()` has begun is not counted again: it gets its route's hints.
 */
export const fastifyRequests: FastifyPluginCallback<FastifyRequestsOptions> = Object.assign(
  ((fastify, options, done) => {
    let tracker: Arrivals;
    try {
      checkOptions('fastifyRequests', options, OPTIONS);
      tracker = trackerOf(options.tracker);
    } catch (error) {
      return done(error as Error); // thrown, it would be an uncaught exception
    }
    if (isDisabled()) return done();
    const { describe = describeRoute } = options;
    const injected = new WeakMap<FastifyRequest, TrackedRequest>();
    fastify.addHook('onRequest', (incoming, reply, next) => {
      const request = isUpgrade(incoming)
        ? null
        : tracker[ARRIVE](standsFor(incoming.raw), describe, incoming, incoming.routeOptions.url);
      if (request !== null) request.method = incoming.method;
      if (request !== null && !endWithConnection(request, incoming, reply)) {
        injected.set(incoming, request);
      }
      next();
    });
    fastify.addHook('onResponse', (incoming, _, next) => {
      injected.get(incoming)?.end();
      next();
    });
    done();
  }) satisfies FastifyPluginCallback<FastifyRequestsOptions>,
  {
    // What fastify-plugin sets: the hooks are the whole server's, not a separate scope's.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'schedhint',
    // Fastify itself refuses older ones: they have no `routeOptions.config`.
    [Symbol.for('plugin-meta')]: { fastify: '>=4.23.0', name: 'schedhint' },
  },
);
