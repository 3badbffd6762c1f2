// Defines a row of the fault table: the injected fault, its number of repetitions, and the function that injects it and checks
// the outcome.

import type { Stage } from './stage.js';

/** One line of the fault table. */
export interface Row {
  /** What is injected. */
  readonly fault: string;
  /** How often. */
  readonly times: number;
  /**
   * Does it, and throws unless the app and the reader saw what they should.
   *
   * @returns what they saw, in a few words
   */
  run(stage: Stage, times: number): Promise<string>;
}
