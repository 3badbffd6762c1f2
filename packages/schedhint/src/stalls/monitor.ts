// Implements the monitor that watchStalls() returns. Loaded when the first one is started: an app that does not ask for
// stalls does not compile this.

import { isDisabled } from '@schedhint/native';
import { refusal } from '../requests/refusal.js';
import { StackWatch } from './stack-watch.js';
import type { Stall, StallMonitor } from './stall.js';
import { type StallListener, type ThreadWatch, threadWatch } from './thread-watch.js';

/** What a monitor is made of; its values have been checked. */
export interface MonitorOptions {
  readonly thresholdMs: number;
  readonly onStall?: ((stall: Stall) => void) | undefined;
  readonly stack: boolean;
  /** Whether what is found is for other processes too: `schedhint why`. */
  readonly shares: boolean;
}

/** Starts one; with SCHEDHINT=off it watches nothing. */
export function startMonitor(options: MonitorOptions): StallMonitor {
  return new Monitor(options, isDisabled() ? null : threadWatch());
}

class Monitor implements StallMonitor, StallListener {
  readonly thresholdMs: number;
  readonly stack: StackWatch | null;
  readonly shares: boolean;
  readonly #onStall: ((stall: Stall) => void) | undefined;
  /** null: it was stopped. */
  #watch: ThreadWatch | null;
  #totals: StallMonitor['totals'] = Object.freeze({
    ...{ stalls: 0, gc: 0, code: 0, noCpu: 0, throttled: 0, blocked: 0, paused: 0, unknown: 0 },
  });

  constructor(options: MonitorOptions, watch: ThreadWatch | null) {
    const { thresholdMs, onStall, stack, shares } = options;
    this.thresholdMs = thresholdMs;
    this.shares = shares;
    this.stack = stack && watch !== null ? StackWatch.ofMainThread(thresholdMs) : null;
    this.#onStall = onStall;
    this.#watch = watch;
    watch?.add(this);
  }

  get totals(): StallMonitor['totals'] {
    return this.#totals;
  }

  isStarved(share = 0.2): boolean {
    if (!(typeof share === 'number' && share >= 0 && share <= 1)) {
      throw refusal(`share: expected a number 0..1, got ${String(share)}`, RangeError);
    }
    return (this.#watch?.starvedShare() ?? -1) > share;
  }

  onStall(stall: Stall): void {
    const { totals } = this;
    const { parts } = stall;
    this.#totals = Object.freeze({
      stalls: totals.stalls + 1,
      gc: totals.gc + parts.gc,
      code: totals.code + parts.code,
      noCpu: totals.noCpu + parts.noCpu,
      throttled: totals.throttled + parts.throttled,
      blocked: totals.blocked + parts.blocked,
      paused: totals.paused + parts.paused,
      unknown: totals.unknown + parts.unknown,
    });
    this.#onStall?.(stall);
  }

  stop(): void {
    const watch = this.#watch;
    this.#watch = null;
    this.stack?.stop();
    watch?.remove(this);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
