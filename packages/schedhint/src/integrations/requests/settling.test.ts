import { attachThread } from '@schedhint/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Requests } from './request.js';
import { trackRequests } from './requests.js';

let requests: Requests;
const { hints } = attachThread({ map: '/nonexistent/schedhint' });

beforeEach(() => {
  requests = trackRequests(hints);
});
afterEach(() => requests.stop());

const wrap = <R>(handler: () => R) => requests.wrap(() => ({ urgency: 900 }), handler);

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
  const returned = wrap(() => query)();
  expect(returned).toBe(query);
  expect([query.runs, requests.inFlight]).toEqual([0, 1]);
  expect(await returned.where()).toBe('row');
  expect([query.runs, requests.inFlight]).toEqual([1, 0]);
  // It is as it was.
  expect(Object.hasOwn(query, 'then')).toBe(false);
  expect(await query).toBe('row');
  expect(query.runs).toBe(2);
});

test('a lazy promise that fails', async () => {
  const query = new Query(async () => {
    throw new Error('no such table');
  });
  await expect(async () => await wrap(() => query)()).rejects.toThrow('no such table');
  expect([query.runs, requests.inFlight]).toEqual([1, 0]);
  expect(await wrap(() => query)().then(undefined, () => 'handled')).toBe('handled');
  expect([query.runs, requests.inFlight]).toEqual([2, 0]);
});

test('a `then` of its own is put back', async () => {
  // biome-ignore lint/suspicious/noThenProperty: it is a lazy promise
  const lazy = { then: (resolve: (value: number) => void) => resolve(5) };
  const { then } = lazy;
  const returned = wrap(() => lazy)();
  expect(requests.inFlight).toBe(1);
  expect(await returned).toBe(5);
  expect([requests.inFlight, lazy.then]).toEqual([0, then]);
});

test('a `then` that throws', async () => {
  const then = (): PromiseLike<never> => {
    throw new Error('closed');
  };
  const returned = wrap(() => ({ then }) as PromiseLike<never>)();
  await expect(async () => await returned).rejects.toThrow('closed');
  expect(requests.inFlight).toBe(0);
});

test('a frozen one cannot be followed: its request ends when it is returned', async () => {
  const frozen = Object.preventExtensions(new Query(async () => 'row'));
  const returned = wrap(() => frozen)();
  expect([requests.inFlight, frozen.runs]).toEqual([0, 0]);
  expect(await returned).toBe('row');
});

test('a subclass of Promise with a `then` of its own is lazy too', async () => {
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
  const returned = wrap(() => lazy)();
  expect([runs, requests.inFlight]).toEqual([0, 1]);
  expect(await returned).toBe('row');
  expect([runs, requests.inFlight]).toEqual([1, 0]);
});

test('a getter that throws is for the caller to see', () => {
  const odd = {
    // biome-ignore lint/suspicious/noThenProperty: reading it is what is tested
    get then(): never {
      throw new Error('read');
    },
  };
  expect(wrap(() => odd)()).toBe(odd);
  expect(requests.inFlight).toBe(0);
});
