import type { Hints } from '@schedhint/core';
import { Continuations } from './continuations.js';
import { DeadlineHeap, type Due, NOT_HELD } from './deadline-heap.js';
import { checkedDeadline, checkedUrgency, type RequestHints } from './request-hints.js';
import { UrgencyCounts } from './urgency-counts.js';

/** A request that {@link Requests.begin} has begun. */
export interface Request {
  /** Changes what it wants: an omitted hint stays as it is. After its end: does nothing. */
  set(hints: RequestHints): void;
  /** It is answered, or given up. Again: does nothing. */
  end(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** Options of {@link trackRequests}. */
export interface RequestsOptions {
  /**
   * Also follow which request the thread works on: while a continuation of one runs (a callback, the
   * rest of an async function after an `await`) the hints are that request's own, and between
   * continuations those of all in flight, as without this.
   *
   * It goes by `async_hooks` and so costs something in every asynchronous operation of the thread:
   * `node examples/http/cost.mjs` prints how much.
   */
  readonly perContinuation?: boolean;
}

/** The requests that a thread has in flight. */
export interface Requests {
  /** How many have begun and not ended. */
  readonly inFlight: number;

  /**
   * A request begins. With `perContinuation` it is what the caller's asynchronous context works on
   * from now on.
   *
   * @throws TypeError `ERR_FIELD_TYPE`, RangeError `ERR_FIELD_RANGE` for what is no hint
   */
  begin(hints?: RequestHints): Request;

  /**
   * A function of which each call is a request, until it returns or the promise that it returns is
   * settled.
   *
   * @param describe what a call wants, from its arguments; null: do not track this one. What it
   *   throws, and a hint that is none, is told as a warning of the process, once, and the call goes on
   *   without an opinion
   */
  wrap<A extends unknown[], R>(
    describe: (...args: A) => RequestHints | null,
    handler: (...args: A) => R,
  ): (...args: A) => R;

  /**
   * As `begin`, for adapters: what `describe` throws is told as a warning of the process, as `wrap`
   * does.
   *
   * @returns null if `describe` has returned null
   */
  beginAs<A extends unknown[]>(
    describe: (...args: A) => RequestHints | null,
    ...args: A
  ): Request | null;

  /** Ends all requests and the tracking; the hints are taken back. Later ones are not tracked. */
  stop(): void;
}

const NONE = { urgency: 0, deadlineNs: 0n };

/** What the scheduler is to be told. */
interface Wanted {
  readonly urgency: number;
  readonly deadlineNs: bigint;
}

class InFlight implements Request, Due, Wanted {
  urgency = 0;
  deadlineNs = 0n;
  place = NOT_HELD;
  /** null: it has ended. */
  tracker: Tracker | null;

  constructor(tracker: Tracker | null) {
    this.tracker = tracker;
  }

  set(hints: RequestHints): void {
    this.tracker?.change(this, hints);
  }

  end(): void {
    this.tracker?.end(this);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

class Tracker implements Requests {
  readonly #hints: Hints;
  readonly #requests = new Set<InFlight>();
  readonly #deadlines = new DeadlineHeap();
  readonly #urgencies = new UrgencyCounts();
  readonly #continuations: Continuations<InFlight> | null;
  readonly #warned = new WeakSet<object>();
  #told: Wanted = NONE;
  #stopped = false;

  constructor(hints: Hints, { perContinuation = false }: RequestsOptions) {
    this.#hints = hints;
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
    describe: (...args: A) => RequestHints | null,
    handler: (...args: A) => R,
  ): (...args: A) => R {
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
      if (typeof (result as PromiseLike<unknown> | null)?.then !== 'function') {
        request.end();
        return result;
      }
      const end = () => request.end();
      (result as PromiseLike<unknown>).then(end, end);
      return result;
    };
  }

  beginAs<A extends unknown[]>(
    describe: (...args: A) => RequestHints | null,
    ...args: A
  ): Request | null {
    const request = this.#addAs(describe, args);
    if (request !== null) this.#continuations?.enter(request);
    return request;
  }

  stop(): void {
    this.#stopped = true;
    for (const request of [...this.#requests]) this.end(request);
    this.#continuations?.stop();
  }

  change(request: InFlight, hints: RequestHints): void {
    const { urgency, deadlineNs } = checked(hints, request);
    this.#remove(request);
    request.urgency = urgency;
    request.deadlineNs = deadlineNs;
    this.#count(request);
    this.#publish();
  }

  end(request: InFlight): void {
    request.tracker = null;
    this.#requests.delete(request);
    this.#remove(request);
    this.#publish();
  }

  #addAs<A extends unknown[]>(
    describe: (...args: A) => RequestHints | null,
    args: A,
  ): InFlight | null {
    try {
      const hints = describe(...args);
      return hints === null ? null : this.#add(hints);
    } catch (error) {
      // A request must not fail, nor a server end, because of a hint that a client could choose.
      if (!this.#warned.has(describe)) {
        this.#warned.add(describe);
        process.emitWarning(`a request has no hints: ${error}`, { code: 'SCHEDHINT_REQUEST' });
      }
      return this.#add({});
    }
  }

  #add(hints: RequestHints): InFlight {
    const request = new InFlight(this.#stopped ? null : this);
    const { urgency, deadlineNs } = checked(hints, NONE);
    if (this.#stopped) return request;
    request.urgency = urgency;
    request.deadlineNs = deadlineNs;
    this.#requests.add(request);
    this.#count(request);
    try {
      this.#publish();
    } catch (error) {
      // A channel's own mapping may throw; the caller would have nothing to end.
      this.#requests.delete(request);
      this.#remove(request);
      throw error;
    }
    return request;
  }

  #count(request: InFlight): void {
    if (request.deadlineNs !== 0n) this.#deadlines.add(request);
    if (request.urgency !== 0) this.#urgencies.add(request.urgency);
  }

  #remove(request: InFlight): void {
    this.#deadlines.remove(request);
    if (request.urgency !== 0) this.#urgencies.remove(request.urgency);
  }

  #publish(): void {
    const current = this.#continuations?.current;
    if (current?.tracker != null) this.#tell(current.urgency, current.deadlineNs);
    else this.#tell(this.#urgencies.highest, this.#deadlines.earliestNs);
  }

  /** Only what has changed: most requests begin and end in the shadow of others. */
  #tell(urgency: number, deadlineNs: bigint): void {
    const before = this.#told;
    const others = urgency !== before.urgency;
    const later = deadlineNs !== before.deadlineNs;
    if (!others && !later) return;
    if (others && later) this.#hints.set({ urgency, deadlineNs });
    else if (others) this.#hints.urgency = urgency;
    else this.#hints.deadlineNs = deadlineNs;
    this.#told = { urgency, deadlineNs };
  }
}

function checked(hints: RequestHints, before: Wanted): Wanted {
  const { urgency, deadlineNs } = hints;
  return {
    urgency: urgency === undefined ? before.urgency : checkedUrgency(urgency),
    deadlineNs: deadlineNs === undefined ? before.deadlineNs : checkedDeadline(deadlineNs),
  };
}

/**
 * Makes a thread's hints those of its requests: the earliest deadline and the highest urgency of all
 * that are in flight, told anew when one begins or ends and changes them. With none in flight there
 * is no opinion and no deadline.
 *
 * The tracker alone writes `urgency` and `deadlineNs` of these hints from now on: one for a thread.
 * A request that has missed its deadline stays the earliest until it ends.
 *
 * @param hints of `attachThread()`, of any channel
 */
export function trackRequests(hints: Hints, options: RequestsOptions = {}): Requests {
  if (typeof hints?.set !== 'function') {
    throw Object.assign(new TypeError('hints: expected those of a thread'), { code: 'ERR_OPTION' });
  }
  return new Tracker(hints, options);
}
