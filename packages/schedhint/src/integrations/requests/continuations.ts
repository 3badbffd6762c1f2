// Tracks which value (here, a request) the running asynchronous context belongs to, with AsyncLocalStorage and an async hook.
// Keeps a stack of contexts, because callbacks nest, and notifies its owner at each switch.

import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** The current value, which follows the asynchronous context that runs. */
export class Continuations<T> {
  readonly #storage = new AsyncLocalStorage<T>();
  readonly #switched: () => void;
  readonly #hook;
  /** What runs, innermost last: a callback may run another resource's inside it. */
  readonly #running: (T | undefined)[] = [];
  /** Of code that runs outside every hook: a module's own, or what was running at the start. */
  #outside: T | undefined = undefined;

  /** @param switched is called when another thing runs */
  constructor(switched: () => void) {
    this.#switched = switched;
    this.#hook = createHook({
      before: () => {
        this.#running.push(this.#storage.getStore());
        this.#switched();
      },
      after: () => {
        this.#running.pop();
        this.#outside = undefined;
        this.#switched();
      },
    }).enable();
  }

  get current(): T | undefined {
    const { length } = this.#running;
    return length === 0 ? this.#outside : this.#running[length - 1];
  }

  /** The context that runs is about this from now on, and what it starts. */
  enter(what: T): void {
    this.#storage.enterWith(what);
    this.#replace(what);
  }

  /** Runs a function about this. */
  run<R>(what: T, call: () => R): R {
    const before = this.current;
    this.#replace(what);
    try {
      return this.#storage.run(what, call);
    } finally {
      this.#replace(before);
    }
  }

  stop(): void {
    this.#hook.disable();
    this.#running.length = 0;
    this.#outside = undefined;
  }

  #replace(what: T | undefined): void {
    const { length } = this.#running;
    if (length === 0) this.#outside = what;
    else this.#running[length - 1] = what;
    this.#switched();
  }
}
