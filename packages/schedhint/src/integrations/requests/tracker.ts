// Keeps a thread's requests in flight, and publishes their highest urgency and earliest deadline as the thread's hints. With
// perContinuation, it publishes the hints of the request whose continuation runs.

import { inspect, types } from 'node:util';
import type { Hints } from '@schedhint/core';
import { Continuations } from './continuations.js';
import { DeadlineHeap } from './deadline-heap.js';
import { InFlight, type Wanted } from './in-flight.js';
import { type LifetimeLimits, Lifetimes } from './lifetimes.js';
import type { Request, Requests } from './request.js';
import { checkDescribe, checked, type RequestHints } from './request-hints.js';
import { endWhenSettled } from './settling.js';
import { UrgencyCounts } from './urgency-counts.js';

const NONE: Wanted = { urgency: 0, deadlineNs: 0n };

type Describe<A extends unknown[]> = (...args: A) => RequestHints | null;

/** What `trackRequests()` returns. */
export class Tracker implements Requests {
  readonly #hints: Hints;
  readonly #requests = new Set<InFlight>();
  readonly #deadlines = new DeadlineHeap();
  readonly #urgencies = new UrgencyCounts();
  readonly #lifetimes: Lifetimes;
  readonly #continuations: Continuations<InFlight> | null;
  /** What the process has been warned of: functions of the app, or this. */
  readonly #warned = new WeakSet<object>();
  #told = NONE;
  #stopped = false;

  constructor(hints: Hints, perContinuation: boolean, limits: LifetimeLimits) {
    this.#hints = hints;
    this.#lifetimes = new Lifetimes(limits, (nowMs) => this.#sweep(nowMs));
    this.#continuations = perContinuation ? new Continuations(() => this.#publish()) : null;
  }

  get inFlight(): number {
    return this.#requests.size;
  }

  begin(hints: RequestHints = {}): Request {
    const request = this.#add(hints);
    this.#continuations?.enter(request);
    return request;
  }

  wrap<A extends unknown[], R>(
    describe: Describe<A>,
    handler: (...args: A) => R,
  ): (...args: A) => R {
    checkDescribe(describe);
    const tracker = this;
    return function (this: unknown, ...args: A): R {
      const request = tracker.#addAs(describe, args);
      if (request === null) return handler.apply(this, args);
      const call = () => handler.apply(this, args);
      let result: R;
      try {
        const continuations = tracker.#continuations;
        result = continuations === null ? call() : continuations.run(request, call);
      } catch (error) {
        request.end();
        throw error;
      }
      endWhenSettled(result, () => request.end());
      if (result === undefined && args.length > 1 && typeof args.at(-1) === 'function') {
        tracker.#warnOfCallback(handler);
      }
      return result;
    };
  }

  beginAs<A extends unknown[]>(describe: Describe<A>, ...args: A): Request | null {
    const request = this.#addAs(describe, args);
    if (request !== null) this.#continuations?.enter(request);
    return request;
  }

  stop(): void {
    this.#stopped = true;
    for (const request of this.#requests) this.#drop(request);
    this.#publish();
    this.#continuations?.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  change(request: InFlight, hints: RequestHints): void {
    const { urgency, deadlineNs } = checked(hints, request);
    this.#uncount(request);
    this.#count(request, urgency, deadlineNs);
    this.#publish();
  }

  end(request: InFlight): void {
    this.#drop(request);
    this.#publish();
  }

  #addAs<A extends unknown[]>(describe: Describe<A>, args: A): InFlight | null {
    try {
      const hints = describe(...args);
      if (types.isPromise(hints)) {
        // Nobody else awaits it: its rejection would end the process.
        hints.catch(() => {});
        throw new TypeError('describe returned a promise; it must return the hints themselves');
      }
      return hints === null ? null : this.#add(hints);
    } catch (error) {
      // A request must not fail, nor a server end, because of a hint that a client could choose.
      this.#warn('SCHEDHINT_REQUEST', describe, `a request has no hints: ${messageOf(error)}`);
      return this.#add({});
    }
  }

  #add(hints: RequestHints): InFlight {
    const { urgency, deadlineNs } = checked(hints, NONE);
    const request = new InFlight(this.#stopped ? null : this);
    if (this.#stopped) return request;
    request.begunMs = this.#lifetimes.now();
    this.#requests.add(request);
    this.#count(request, urgency, deadlineNs);
    this.#lifetimes.watch();
    this.#publish();
    return request;
  }

  #drop(request: InFlight): void {
    request.tracker = null;
    this.#requests.delete(request);
    this.#uncount(request);
  }

  #count(request: InFlight, urgency: number, deadlineNs: bigint): void {
    request.urgency = urgency;
    request.deadlineNs = deadlineNs;
    request.expiresMs = this.#lifetimes.expiryOf(request.begunMs, deadlineNs);
    if (deadlineNs !== 0n) this.#deadlines.add(request);
    this.#urgencies.add(urgency);
  }

  #uncount(request: InFlight): void {
    this.#deadlines.remove(request);
    this.#urgencies.remove(request.urgency);
  }

  /** Drops what has expired. @returns whether anything is left */
  #sweep(nowMs: number): boolean {
    for (const request of this.#requests) {
      if (request.expiresMs <= nowMs) this.#drop(request);
    }
    this.#publish();
    return this.#requests.size > 0;
  }

  #publish(): void {
    const current = this.#continuations?.current;
    if (current?.tracker != null) this.#tell(current.urgency, current.deadlineNs);
    else this.#tell(this.#urgencies.highest, this.#deadlines.earliestNs);
  }

  /** Writes only what has changed: most requests begin and end in the shadow of others. */
  #tell(urgency: number, deadlineNs: bigint): void {
    const before = this.#told;
    const others = urgency !== before.urgency;
    const later = deadlineNs !== before.deadlineNs;
    if (!others && !later) return;
    try {
      if (others && later) this.#hints.set({ urgency, deadlineNs });
      else if (others) this.#hints.urgency = urgency;
      else this.#hints.deadlineNs = deadlineNs;
      this.#told = { urgency, deadlineNs };
    } catch (error) {
      this.#withdraw(error);
    }
  }

  /**
   * A channel's own mapping has refused the hints. What was written before would stay for as long as
   * they are wanted, so it is taken back. Whoever begins or ends a request cannot help it.
   */
  #withdraw(error: unknown): void {
    const why = `the hints of requests were refused: ${messageOf(error)}`;
    this.#warn('SCHEDHINT_REQUEST_REFUSED', this, `${why}; the thread has no opinion meanwhile`);
    try {
      this.#hints.set(NONE);
      this.#told = NONE;
    } catch {
      // What is written is not known: the next change writes all of it, or comes here again.
      this.#told = { urgency: Number.NaN, deadlineNs: -1n };
    }
  }

  #warnOfCallback(handler: (...args: never[]) => unknown): void {
    const name = handler.name || 'a function';
    this.#warn(
      'SCHEDHINT_REQUEST_CALLBACK',
      handler,
      `${name} of wrap() returned undefined and was called with a callback. If it answers through ` +
        'the callback, its requests end too early: use begin() and end(), see docs/requests.md',
    );
  }

  #warn(code: string, about: object, message: string): void {
    if (this.#warned.has(about)) return;
    this.#warned.add(about);
    process.emitWarning(message, { code });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error}` : inspect(error);
}
