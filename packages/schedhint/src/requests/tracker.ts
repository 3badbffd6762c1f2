// Keeps a thread's requests in flight, and publishes their highest urgency and earliest deadline as the thread's hints.

import { inspect, types } from 'node:util';
import {
  checkOptions,
  type Hints,
  monotonicMs,
  type Stoppable,
  setChecked,
  stoppable,
} from '@schedhint/core/thread';
import { ARRIVE, standsFor } from './arrivals.js';
import { DeadlineHeap, NOT_HELD } from './deadline-heap.js';
import { listenToChannels, listenToServer } from './http.js';
import { InFlight } from './in-flight.js';
import type { TrackHttpOptions } from './incoming-request.js';
import { type LifetimeLimits, Lifetimes, type LimitChanges } from './lifetimes.js';
import { checkFunction, refusal } from './refusal.js';
import type { HttpMessage, TrackedRequest } from './request.js';
import { deadlineWanted, type RequestHints, urgencyWanted } from './request-hints.js';
import { endWhenSettled } from './settling.js';
import type { RequestInFlight, ThreadTracker } from './thread-tracker.js';
import { UrgencyCounts } from './urgency-counts.js';

const NONE = { urgency: 0, deadlineNs: 0 } as const;

/** A message, with its request as a property: faster than a WeakMap. null: it is not to be tracked. */
type Marked = Record<symbol, InFlight | null | undefined>;

/** What `trackRequests()` returns. */
export class Tracker implements ThreadTracker {
  readonly #hints: Hints;
  /** In any order; each knows its index. A set takes 40 ns more for each request. */
  readonly #requests: InFlight[] = [];
  readonly #deadlines = new DeadlineHeap();
  readonly #urgencies = new UrgencyCounts();
  readonly #lifetimes: Lifetimes;
  /** The property of a message that has its request: one for each tracker. */
  readonly #mark = Symbol('schedhint.request');
  /** What `http()` has begun to track. */
  readonly #tracked = new Set<Stoppable>();
  /** The codes of which the process has been warned. */
  readonly #warned = new Set<string>();
  /** What was written last. */
  #urgency = 0;
  #deadlineNs = 0;
  #stopped = false;

  constructor(hints: Hints, limits: LifetimeLimits) {
    this.#hints = hints;
    this.#lifetimes = new Lifetimes(limits, (nowMs) => this.#sweep(nowMs));
  }

  get inFlight(): number {
    return this.#requests.length;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  oldest(count: number): RequestInFlight[] {
    const now = monotonicMs();
    return [...this.#requests]
      .sort((a, b) => a.begunMs - b.begunMs)
      .slice(0, count)
      .map(({ method, route = '', begunMs }) => ({ method, route, ageMs: now - begunMs }));
  }

  limit(limits: LimitChanges): void {
    this.#lifetimes.limit(limits);
  }

  begin(hints: RequestHints = {}): TrackedRequest {
    return this.#add(hints);
  }

  run<R>(hints: RequestHints, fn: (request: TrackedRequest) => R): R {
    checkFunction('fn', fn);
    const request = this.#add(hints);
    let result: R;
    try {
      result = fn(request);
    } catch (error) {
      request.end();
      throw error;
    }
    endWhenSettled(result, () => request.end());
    return result;
  }

  of(message: HttpMessage): TrackedRequest | undefined {
    if (typeof message !== 'object' || message === null) {
      throw refusal('of: expected a request, a response or a stream');
    }
    return (standsFor(message) as Marked)[this.#mark] ?? undefined;
  }

  http(options: TrackHttpOptions = {}): Stoppable {
    checkOptions('http', options, ['server', 'describe']);
    const { server, describe } = options;
    if (describe !== undefined) checkFunction('describe', describe);
    if (server !== undefined && typeof server?.prependListener !== 'function') {
      throw refusal('server: expected one of node:http, node:https or node:http2');
    }
    if (this.#stopped) return stoppable(() => {});
    const stop =
      server === undefined
        ? listenToChannels(this, describe)
        : listenToServer(server, this, describe);
    const tracked = stoppable(() => {
      this.#tracked.delete(tracked);
      stop();
    });
    this.#tracked.add(tracked);
    return tracked;
  }

  [ARRIVE]<T>(
    message: object,
    describe: ((incoming: T) => RequestHints | null) | undefined,
    incoming: T,
    route?: string,
  ): InFlight | null {
    if (this.#stopped) return null;
    const marked = message as Marked;
    const begun = marked[this.#mark];
    if (begun === undefined) {
      const request = describe === undefined ? this.#add({}) : this.#addAs(describe, incoming);
      if (request !== null) request.route = route;
      marked[this.#mark] = request;
      return request;
    }
    if (begun !== null) {
      if (route !== undefined) begun.route = route;
      if (describe !== undefined) this.#describeAgain(begun, describe, incoming);
    }
    return null;
  }

  stop(): void {
    this.#stopped = true;
    for (const tracked of this.#tracked) tracked.stop();
    for (const request of [...this.#requests]) this.#drop(request);
    this.#publish();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  change(request: InFlight, hints: RequestHints): void {
    const deadlineNs = deadlineWanted(hints, request.deadlineNs, monotonicMs());
    const urgency = urgencyWanted(hints, request.urgency);
    const { signal } = hints;
    if (signal?.aborted) {
      this.#drop(request);
    } else {
      // First: it is the app's, or a polyfill's, and may throw.
      if (signal !== undefined) request.follow(signal);
      this.#uncount(request);
      this.#count(request, urgency, deadlineNs);
    }
    this.#publish();
  }

  end(request: InFlight): void {
    this.#drop(request);
    this.#publish();
  }

  #addAs<T>(describe: (incoming: T) => RequestHints | null, incoming: T): InFlight | null {
    try {
      const hints = describedBy(describe, incoming);
      return hints === null ? null : this.#add(hints);
    } catch (error) {
      this.#warnOfDescribe(error);
      return this.#add({});
    }
  }

  #describeAgain<T>(
    request: InFlight,
    describe: (incoming: T) => RequestHints | null,
    incoming: T,
  ): void {
    try {
      const hints = describedBy(describe, incoming);
      if (hints === null) request.end();
      else request.set(hints);
    } catch (error) {
      this.#warnOfDescribe(error);
    }
  }

  #add(hints: RequestHints): InFlight {
    const nowMs = monotonicMs();
    const deadlineNs = deadlineWanted(hints, 0, nowMs);
    const urgency = urgencyWanted(hints, 0);
    const { signal } = hints;
    const counts = !this.#stopped && signal?.aborted !== true;
    const request = new InFlight(counts ? this : null);
    if (!counts) return request;
    if (signal !== undefined) request.follow(signal);
    request.begunMs = nowMs;
    request.index = this.#requests.length;
    this.#requests.push(request);
    this.#count(request, urgency, deadlineNs);
    this.#lifetimes.watch();
    this.#publish();
    return request;
  }

  #drop(request: InFlight): void {
    request.tracker = null;
    request.unfollow();
    if (request.index === NOT_HELD) return;
    // The last one takes its place.
    const last = this.#requests.pop()!;
    if (last !== request) {
      this.#requests[request.index] = last;
      last.index = request.index;
    }
    request.index = NOT_HELD;
    this.#uncount(request);
  }

  #count(request: InFlight, urgency: number, deadlineNs: number): void {
    request.urgency = urgency;
    request.deadlineNs = deadlineNs;
    request.expiresMs = this.#lifetimes.expiryOf(request.begunMs, deadlineNs);
    if (deadlineNs !== 0) this.#deadlines.add(request);
    this.#urgencies.add(urgency);
  }

  #uncount(request: InFlight): void {
    this.#deadlines.remove(request);
    this.#urgencies.remove(request.urgency);
  }

  /** Drops what has expired. @returns whether anything is left */
  #sweep(nowMs: number): boolean {
    // From the end: what takes the place of one that is dropped has been looked at.
    for (let i = this.#requests.length - 1; i >= 0; i--) {
      const request = this.#requests[i]!;
      if (request.expiresMs <= nowMs) this.#drop(request);
    }
    this.#publish();
    return this.#requests.length > 0;
  }

  #publish(): void {
    this.#write(this.#urgencies.highest, this.#deadlines.earliestNs);
  }

  /** Writes only what has changed: most requests begin and end in the shadow of others. */
  #write(urgency: number, deadlineNs: number): void {
    const others = urgency !== this.#urgency;
    const later = deadlineNs !== this.#deadlineNs;
    if (!others && !later) return;
    try {
      if (others && later) setChecked(this.#hints, urgency, deadlineNs);
      else if (others) this.#hints.urgency = urgency;
      else this.#hints.deadlineNs = deadlineNs;
      this.#urgency = urgency;
      this.#deadlineNs = deadlineNs;
    } catch (error) {
      this.#withdraw(error);
    }
  }

  /**
   * A channel's own mapping has refused the hints. What was written before would stay as long as the
   * requests last, so it is taken back. The caller that begins or ends a request cannot prevent it.
   */
  #withdraw(error: unknown): void {
    const why = `the hints of requests were refused: ${messageOf(error)}`;
    this.#warn('SCHEDHINT_REQUEST_REFUSED', `${why}; the thread has no opinion meanwhile`);
    try {
      this.#hints.set(NONE);
      this.#urgency = 0;
      this.#deadlineNs = 0;
    } catch {
      // What is written is not known: the next change writes all of it, or comes here again.
      this.#urgency = Number.NaN;
      this.#deadlineNs = Number.NaN;
    }
  }

  /** A request must not fail, nor a server end, because of a hint that a client could choose. */
  #warnOfDescribe(error: unknown): void {
    this.#warn('SCHEDHINT_REQUEST', `a request has no hints: ${messageOf(error)}`);
  }

  #warn(code: string, message: string): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(message, { code });
  }
}

function describedBy<T>(
  describe: (incoming: T) => RequestHints | null,
  incoming: T,
): RequestHints | null {
  const hints = describe(incoming);
  if (types.isPromise(hints)) {
    // No other code awaits it: its rejection would end the process.
    hints.catch(() => {});
    throw new TypeError('describe returned a promise; it must return the hints themselves');
  }
  return hints;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error}` : inspect(error);
}
