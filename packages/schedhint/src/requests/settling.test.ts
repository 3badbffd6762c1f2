import { attachThread } from '@schedhint/core/thread';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestTracker } from './request.js';
import { trackRequests } from './track-requests.js';

let tracker: RequestTracker;
const thread = attachThread({ map: '/nonexistent/schedhint' });

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

const run = <R>(fn: () => R) => tracker.run({ urgency: 900 }, fn);

/** What query builders are: each `then()` runs the query. */
class Query {
  runs = 0;
  readonly #outcome: () => Promise<string>;

  constructor(outcome: () => Promise<string>) {
    this.#outcome = outcome;
  }
  // biome-ignore lint/suspicious/noThenProperty: it is a lazy promise
  then<A, B>(onFulfilled?: (value: string) => A, onRejected?: (error: unknown) => B) {
    this.runs++;
    return this.#outcome().then(onFulfilled, onRejected);
  }
  where() {
    return this;
  }
}

test('a lazy promise runs once, when the caller awaits it', async () => {
  const query = new Query(async () => 'row');
  const returned = run(() => query);
  expect(returned).toBe(query);
  expect([query.runs, tracker.inFlight]).toEqual([0, 1]);
  expect(await returned.where()).toBe('row');
  expect([query.runs, tracker.inFlight]).toEqual([1, 0]);
  // It is as it was.
  expect(Object.hasOwn(query, 'then')).toBe(false);
  expect(await query).toBe('row');
  expect(query.runs).toBe(2);
});

test('a lazy promise that fails', async () => {
  const query = new Query(async () => {
    throw new Error('no such table');
  });
  await expect(async () => await run(() => query)).rejects.toThrow('no such table');
  expect([query.runs, tracker.inFlight]).toEqual([1, 0]);
  expect(await run(() => query).then(undefined, () => 'handled')).toBe('handled');
  expect([query.runs, tracker.inFlight]).toEqual([2, 0]);
});

test('an own `then` is put back', async () => {
  // biome-ignore lint/suspicious/noThenProperty: it is a lazy promise
  const lazy = { then: (resolve: (value: number) => void) => resolve(5) };
  const { then } = lazy;
  const returned = run(() => lazy);
  expect(tracker.inFlight).toBe(1);
  expect(await returned).toBe(5);
  expect([tracker.inFlight, lazy.then]).toEqual([0, then]);
});

test('a `then` that throws', async () => {
  const then = (): PromiseLike<never> => {
    throw new Error('closed');
  };
  const returned = run(() => ({ then }) as PromiseLike<never>);
  await expect(async () => await returned).rejects.toThrow('closed');
  expect(tracker.inFlight).toBe(0);
});

test('a frozen one cannot be followed: its request ends when it is returned', async () => {
  const frozen = Object.preventExtensions(new Query(async () => 'row'));
  const returned = run(() => frozen);
  expect([tracker.inFlight, frozen.runs]).toEqual([0, 0]);
  expect(await returned).toBe('row');
});

test('a subclass of Promise with another `then` is lazy too', async () => {
  let runs = 0;
  class Lazy extends Promise<string> {
    static override get [Symbol.species]() {
      return Promise;
    }
  }
  const then: Promise<string>['then'] = (...args) => {
    runs++;
    return Promise.prototype.then.apply(lazy, args) as never;
  };
  Object.defineProperty(Lazy.prototype, 'then', { value: then });
  const lazy = new Lazy((resolve) => resolve('row'));
  const returned = run(() => lazy);
  expect([runs, tracker.inFlight]).toEqual([0, 1]);
  expect(await returned).toBe('row');
  expect([runs, tracker.inFlight]).toEqual([1, 0]);
});

test('a getter that throws is for the caller to see', () => {
  const odd = {
    // biome-ignore lint/suspicious/noThenProperty: reading it is what is tested
    get then(): never {
      throw new Error('read');
    },
  };
  expect(run(() => odd)).toBe(odd);
  expect(tracker.inFlight).toBe(0);
});
