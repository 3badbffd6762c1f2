// Computes when requests expire, and runs one timer that sweeps all of them every 100 ms while there are any.

import { monotonicMs, startTimer } from '@schedhint/core/thread';

/** How often requests are looked at. Requests may count for so long after they have expired. */
const SWEEP_MS = 100;

/** Limits of {@link Lifetimes}. */
export interface LifetimeLimits {
  /** A request expires after so many times the time that it had until its deadline. */
  readonly expireFactor: number;
  /** A request expires after so many seconds at the latest. */
  readonly maxSeconds: number;
}

/** Those to change; what is undefined stays. */
export type LimitChanges = {
  readonly [Name in keyof LifetimeLimits]?: LifetimeLimits[Name] | undefined;
};

/**
 * When requests expire. One timer looks at all of them while there are any: a timer for each would
 * cost more than the rest of tracking. It keeps no process alive.
 */
export class Lifetimes {
  #factor = 1;
  #maxMs = 0;
  readonly #timer: NodeJS.Timeout;
  #isRunning = true;

  /** @param sweep ends what has expired, and returns whether anything is left */
  constructor(limits: LifetimeLimits, sweep: (nowMs: number) => boolean) {
    this.limit(limits);
    // Made here and refreshed later: a timer keeps the asynchronous context of its creation, which
    // would be that of a request.
    this.#timer = startTimer(() => {
      this.#isRunning = false;
      if (sweep(monotonicMs())) this.watch();
    }, SWEEP_MS);
    this.#timer.unref();
  }

  limit({ expireFactor, maxSeconds }: LimitChanges): void {
    if (expireFactor !== undefined) this.#factor = expireFactor;
    if (maxSeconds !== undefined) this.#maxMs = maxSeconds * 1000;
  }

  /**
   * When a request expires. A deadline that has already passed says nothing about how long the
   * request may take, so only `maxSeconds` counts then.
   */
  expiryOf(begunMs: number, deadlineNs: number): number {
    const latest = begunMs + this.#maxMs;
    if (deadlineNs === 0) return latest;
    const wantedMs = deadlineNs / 1e6 - begunMs;
    return wantedMs > 0 ? Math.min(latest, begunMs + wantedMs * this.#factor) : latest;
  }

  /** There is a request to look at. */
  watch(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#timer.refresh();
  }
}
