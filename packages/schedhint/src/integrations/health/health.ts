// Declares what serveHealth() takes and gives, and what an answer has.

import type { Stoppable } from '@schedhint/core/thread';

/** Options of `serveHealth()`. */
export interface HealthOptions {
  /** Of TCP, 0..65535. 0: any that is free; `address` says which. */
  readonly port: number;
  /** The address to listen at. By default all addresses of the machine, because a probe comes from outside of a container. */
  readonly host?: string | undefined;
  /** The path that is answered, from its `/` on, without a query; `/health` by default. Any other one is 404. */
  readonly path?: string | undefined;
  /** For how long the event loop may not turn, collections not counted: milliseconds, 500..3600000; 5000 by default. */
  readonly maxLoopAgeMs?: number | undefined;
}

/** Where the endpoint listens. */
export interface HealthAddress {
  readonly host: string;
  readonly port: number;
}

/** Answers probes until it is stopped. */
export interface HealthServer extends Stoppable {
  /**
   * Where it listens, as soon as it does. Reading it keeps the process alive until then. It rejects with an Error
   * `ERR_SCHEDHINT_HEALTH` if the endpoint cannot be opened, or is stopped before; an app need not wait for it.
   */
  readonly address: Promise<HealthAddress>;
}

/** What an answer has in its body, as one line of JSON. */
export interface HealthReport {
  /** `'ok'`: the answer is 200. `'stalled'`: it is 503. */
  readonly status: 'ok' | 'stalled';
  /** For how long the event loop has not turned, collections not counted. Known to about a tenth of `maxLoopAgeMs`, at most 500 ms. */
  readonly loopAgeMs: number;
  /** Whether the thread is in a pause of the collector now. null: that is not known. */
  readonly inCollection: boolean | null;
  /** `'gc'`: collections are not known here, and count as time in which the loop does not turn. */
  readonly missing: readonly 'gc'[];
}
