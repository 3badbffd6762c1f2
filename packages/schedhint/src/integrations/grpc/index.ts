/**
 * A server interceptor for `@grpc/grpc-js`: a thread's hints from the calls that its server has in flight. It imports no package of others.
 *
 * @packageDocumentation
 */
import type { ServerHttp2Stream } from 'node:http2';
import { checkOptions } from '@schedhint/core/thread';
import { ARRIVE } from '../../requests/arrivals.js';
import { endWithStream } from '../../requests/endings.js';
import type { RequestHints, RequestTracker, TrackedRequest } from '../../requests/index.js';
import { checkFunction } from '../../requests/refusal.js';
import { withDefaults } from '../../requests/request-hints.js';
import { trackerOf } from '../../requests/track-requests.js';

/** What `@grpc/grpc-js` says of a method. */
export interface GrpcMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Options of {@link grpcRequests}. */
export interface GrpcRequestsOptions {
  /** Made by `trackRequests()`; by default the thread's. */
  readonly tracker?: RequestTracker | undefined;
  /**
   * The hints of a call; null: do not track it. A deadline in it counts instead of the client's, and
   * `deadlineMs: null` takes it back. What it throws becomes a warning of the process, once.
   */
  readonly describe?: ((method: GrpcMethod) => RequestHints | null) | undefined;
}

/** A call, as `@grpc/grpc-js` gives it to an interceptor. */
export interface GrpcCall {
  /** Infinity: none. */
  getDeadline(): Date | number;
}

/** With what it has besides, and inside. */
interface OpenCall extends GrpcCall {
  start(listener: { onCancel(): void }): void;
  sendStatus(status: unknown): void;
  readonly nextCall?: OpenCall;
  readonly stream?: ServerHttp2Stream;
}

/**
 * Tracks every call of a server, unary or streaming: from its headers until its stream is closed, which it is when the call is answered,
 * cancelled, past its deadline, or its connection is gone. The deadline that the client has set is the request's. A call that
 * `tracker.http()` has begun is not counted again: it gets these hints.
 *
 * @returns for the option `interceptors` of `new Server()`, of `@grpc/grpc-js` 1.10 or newer
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option
 */
export function grpcRequests(
  options: GrpcRequestsOptions = {},
): (method: GrpcMethod, call: GrpcCall) => never {
  checkOptions('grpcRequests', options, ['tracker', 'describe']);
  const { describe = () => ({}) } = options;
  checkFunction('describe', describe);
  const tracker = trackerOf(options.tracker);
  const track = (method: GrpcMethod, call: OpenCall) => {
    const stream = streamOf(call);
    const describeCall = () => {
      const deadlineAt = call.getDeadline();
      return withDefaults(describe(method), Number(deadlineAt) < Infinity ? { deadlineAt } : {});
    };
    const request = tracker[ARRIVE](stream ?? call, describeCall, method, method.path);
    if (request !== null && stream !== undefined) endWithStream(request, stream);
    else if (request !== null) endWithCall(request, call);
    return call;
  };
  return track as unknown as () => never;
}

/** Inside of the calls that interceptors have made of it. It is closed also where a client cancels before the call is started. */
function streamOf({ nextCall, stream }: OpenCall): ServerHttp2Stream | undefined {
  if (nextCall !== undefined) return streamOf(nextCall);
  return typeof stream?.once === 'function' ? stream : undefined;
}

/** The same by what every call has, for one that hides its stream. */
function endWithCall(request: TrackedRequest, call: OpenCall): void {
  const { start, sendStatus } = call;
  call.start = (listener) => {
    const { onCancel } = listener;
    listener.onCancel = () => {
      request.end();
      onCancel.call(listener);
    };
    start.call(call, listener);
  };
  call.sendStatus = (status) => {
    request.end();
    sendStatus.call(call, status);
  };
}
