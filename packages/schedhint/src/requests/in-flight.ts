// Holds the state of one tracked request: its hints, its signal, when it expires, and its place in the heap of deadlines.

import { type Due, NOT_HELD } from './deadline-heap.js';
import type { TrackedRequest } from './request.js';
import type { RequestHints } from './request-hints.js';
import { follow, unfollow } from './signals.js';

/** What keeps a request. */
interface Keeper {
  change(request: InFlight, hints: RequestHints): void;
  end(request: InFlight): void;
}

/** A request, while it counts and after. */
export class InFlight implements TrackedRequest, Due {
  route: string | undefined = undefined;
  /** Of HTTP; empty for other requests. */
  method = '';
  urgency = 0;
  /** 0: none. */
  deadlineNs = 0;
  place = NOT_HELD;
  /** Its index among its tracker's requests; {@link NOT_HELD}: it does not count. */
  index = NOT_HELD;
  /** When it began and when it stops counting, by monotonicMs(). */
  begunMs = 0;
  expiresMs = 0;
  /** null: it has ended, or it has expired. */
  tracker: Keeper | null;
  /** Whose abort is waited for. */
  signal: AbortSignal | null = null;

  constructor(tracker: Keeper | null) {
    this.tracker = tracker;
  }

  set(hints: RequestHints): void {
    this.tracker?.change(this, hints);
  }

  end(): void {
    this.tracker?.end(this);
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** Ends when the signal is aborted; it was not until now. In place of another. */
  follow(signal: AbortSignal): void {
    this.unfollow();
    this.signal = signal;
    follow(signal, this);
  }

  unfollow(): void {
    if (this.signal === null) return;
    unfollow(this.signal, this);
    this.signal = null;
  }
}
