/**
 * A Fastify plugin: a thread's hints from the requests that its server has in flight.
 *
 * @packageDocumentation
 */
import { deadlineIn } from '@schedhint/core';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import type { Request, RequestHints, Requests } from '../requests/index.js';

/** What a route wants: `config: { schedhint: { urgency: 900, deadlineMs: 50 } }`. */
export interface RouteHints {
  /** 0 = no opinion, 1 = batch work .. 1024 = latency critical. */
  readonly urgency?: number;
  /** Milliseconds from a request's beginning until its answer is due; 0 or absent: none. */
  readonly deadlineMs?: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route's requests want of the scheduler; null: do not track them. */
    schedhint?: RouteHints | null;
  }
}

/** Options of {@link fastifyRequests}. */
export interface FastifyRequestsOptions {
  /** Made by `trackRequests()`. */
  readonly requests: Requests;
  /**
   * What a request wants, instead of what its route's `config.schedhint` says; null: do not track it.
   * What it throws is told as a warning of the process, once.
   */
  readonly describe?: (request: FastifyRequest) => RequestHints | null;
}

function describeRoute({ routeOptions }: FastifyRequest): RequestHints | null {
  const wanted = routeOptions.config.schedhint;
  if (wanted === null) return null;
  const { urgency, deadlineMs } = wanted ?? {};
  return { urgency, deadlineNs: deadlineMs ? deadlineIn(deadlineMs) : undefined };
}

/**
 * Tracks every request of a server, of all its routes: from `onRequest` until the response is sent or
 * its connection is gone.
 */
export const fastifyRequests: FastifyPluginCallback<FastifyRequestsOptions> = Object.assign(
  ((fastify, { requests, describe = describeRoute }, done) => {
    const inFlight = new WeakMap<FastifyRequest, Request>();
    fastify.addHook('onRequest', (incoming, reply, next) => {
      const request = requests.beginAs(describe, incoming);
      if (request !== null) {
        inFlight.set(incoming, request);
        reply.raw.once('close', () => request.end());
      }
      next();
    });
    // Not every response is one of a connection that closes: fastify.inject() has none.
    fastify.addHook('onResponse', (incoming, _, next) => {
      inFlight.get(incoming)?.end();
      next();
    });
    done();
  }) satisfies FastifyPluginCallback<FastifyRequestsOptions>,
  {
    // What fastify-plugin sets: the hooks are the whole server's, not a scope's of its own.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'schedhint',
    [Symbol.for('plugin-meta')]: { fastify: '5.x', name: 'schedhint' },
  },
);
