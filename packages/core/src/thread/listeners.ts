// Keeps the listeners that onStatus() and its like take: each is called even if another throws.

import { throwUncaught } from '@schedhint/native';
import { show, typeError } from '../errors.js';
import { type Stoppable, stoppable } from './stoppable.js';

/** Functions that are called with each new value, each listening by way of an object that may end. */
export class Listeners<T> {
  readonly #all = new Set<{ readonly listener: (value: T) => void; readonly of: object }>();

  /**
   * @param what the method that takes the listener, for messages
   * @param of what {@link removeOf} takes
   * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is no function
   */
  add(what: string, listener: (value: T) => void, of: object): Stoppable {
    if (typeof listener !== 'function') {
      const message = `${what}: expected a function, got ${show(listener)}`;
      throw typeError('ERR_SCHEDHINT_OPTION', message);
    }
    const added = { listener, of };
    this.#all.add(added);
    return stoppable(() => this.#all.delete(added));
  }

  /** Removes those that listened by way of an object, when it has ended. */
  removeOf(ended: object): void {
    for (const one of this.#all) if (one.of === ended) this.#all.delete(one);
  }

  /** An exception of a listener becomes an uncaught one, and the others still run. */
  call(value: T): void {
    for (const { listener } of [...this.#all]) {
      try {
        listener(value);
      } catch (error) {
        throwUncaught(error);
      }
    }
  }
}
