/** What can be stopped, in the one way that everything here is stopped. */
export interface Stoppable {
  /** Ends it. Idempotent. */
  stop(): void;
  /** The same, for `using`. Not at the top level of a module: it would end when the module has run. */
  [Symbol.dispose](): void;
}

/**
 * Makes one that calls a function when it is stopped.
 *
 * @param end called by the first stop, once
 */
export function stoppable(end: () => void): Stoppable {
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    end();
  };
  return Object.freeze({ stop, [Symbol.dispose]: stop });
}
