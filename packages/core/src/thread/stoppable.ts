/** What can be stopped, in the one way that everything here is stopped. */
export interface Stoppable {
  /** Ends it. Idempotent. */
  stop(): void;
  /** The same, for `using`. Not at the top level of a module: it would end when the module has run. */
  [Symbol.dispose](): void;
}
