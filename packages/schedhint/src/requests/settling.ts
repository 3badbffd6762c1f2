// Detects when the result of a tracked call settles, without running a lazy query builder's query a second time.

import { types } from 'node:util';

/**
 * Calls `end` when what a function has returned is settled: now, unless it is a promise.
 *
 * Only a native promise can be observed without a side effect. Query builders (knex, drizzle,
 * mongoose) are lazy: each `then()` runs the query. So the caller's own `then()` is waited for, and
 * the same object is returned to the caller, who may go on building. Its `then` is replaced until
 * the caller has called it once.
 */
export function endWhenSettled(result: unknown, end: () => void): void {
  let then: unknown;
  try {
    then = isObject(result) ? (result as Partial<PromiseLike<unknown>>).then : undefined;
  } catch {
    // A `then` that throws is for the caller to see, who reads it too.
  }
  if (typeof then !== 'function') {
    end();
  } else if (isEager(result, then)) {
    Promise.prototype.then.call(result, end, end);
  } else if (!endAtThen(result as PromiseLike<unknown>, then as Then, end)) {
    end();
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** A native promise that `await` observes without calling a `then` that somebody has overridden. */
function isEager(result: unknown, then: unknown): result is Promise<unknown> {
  if (!types.isPromise(result)) return false;
  return then === Promise.prototype.then || result.constructor === Promise;
}

type Then = PromiseLike<unknown>['then'];

/** @returns false if the object cannot be changed */
function endAtThen(thenable: PromiseLike<unknown>, original: Then, end: () => void): boolean {
  const own = Object.getOwnPropertyDescriptor(thenable, 'then');
  if (own?.configurable === false) return false;

  const then: Then = function (this: PromiseLike<unknown>, onFulfilled, onRejected) {
    if (own === undefined) Reflect.deleteProperty(thenable, 'then');
    else Reflect.defineProperty(thenable, 'then', own);
    try {
      return original.call(
        this,
        (value) => {
          end();
          return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
        },
        (error) => {
          end();
          if (typeof onRejected === 'function') return onRejected(error);
          throw error;
        },
      ) as PromiseLike<never>;
    } catch (error) {
      end();
      throw error;
    }
  };
  return Reflect.defineProperty(thenable, 'then', {
    value: then,
    configurable: true,
    enumerable: own?.enumerable ?? false,
    writable: true,
  });
}
