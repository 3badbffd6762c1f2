// Ends requests when the signal that they follow is aborted.

import type { TrackedRequest } from './request.js';

/**
 * What follows each signal: one listener for all, because a signal may be that of the whole server's
 * shutdown, and Node.js 20 warns of an eleventh listener.
 */
const followers = new WeakMap<AbortSignal, Followers>();

class Followers {
  readonly requests = new Set<TrackedRequest>();

  /** The signal is aborted. */
  handleEvent(): void {
    for (const request of this.requests) request.end();
  }
}

/** The signal's abort ends the request; it is not aborted yet. */
export function follow(signal: AbortSignal, request: TrackedRequest): void {
  let all = followers.get(signal);
  if (all === undefined) {
    all = new Followers();
    signal.addEventListener('abort', all);
    followers.set(signal, all);
  }
  all.requests.add(request);
}

/** Takes that back; no listener is left of the last request. */
export function unfollow(signal: AbortSignal, request: TrackedRequest): void {
  const all = followers.get(signal);
  if (all === undefined) return;
  all.requests.delete(request);
  if (all.requests.size > 0) return;
  followers.delete(signal);
  signal.removeEventListener('abort', all);
}
