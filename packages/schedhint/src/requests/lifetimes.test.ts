import { setImmediate as turn } from 'node:timers/promises';
import { attachThread, deadlineIn, monotonicMs, monotonicNs } from '@schedhint/core/thread';
import { afterEach, expect, test } from 'vitest';
import { Lifetimes } from './lifetimes.js';
import type { RequestTracker } from './request.js';
import { type TrackRequestsOptions, trackRequests } from './track-requests.js';

const thread = attachThread({ map: '/nonexistent/schedhint' });
const { hints } = thread;
const running: RequestTracker[] = [];

function track(options?: TrackRequestsOptions): RequestTracker {
  const tracker = trackRequests({ thread, ...options });
  running.push(tracker);
  return tracker;
}
afterEach(() => {
  for (const tracker of running.splice(0)) tracker.stop();
});

const published = () => ({ urgency: hints.urgency, deadlineNs: hints.deadlineNs });

async function untilInFlight(tracker: RequestTracker, count: number): Promise<void> {
  while (tracker.inFlight !== count) await turn();
}

test('a request expires after maxSeconds, and is as one that has ended', async () => {
  const tracker = track({ maxSeconds: 0.01 });
  const request = tracker.begin({ urgency: 900 });
  expect(published()).toEqual({ urgency: 900, deadlineNs: 0n });
  await untilInFlight(tracker, 0);
  request.set({ urgency: 7 });
  request.end();
  expect([tracker.inFlight, published()]).toEqual([0, { urgency: 0, deadlineNs: 0n }]);
});

test('a request expires after a multiple of its deadline; others go on', async () => {
  const tracker = track({ expireFactor: 2 });
  const lasting = tracker.begin({ urgency: 5 });
  const due = deadlineIn(10);
  tracker.begin({ urgency: 900, deadlineNs: due });
  expect(published()).toEqual({ urgency: 900, deadlineNs: due });
  await untilInFlight(tracker, 1);
  expect(monotonicNs()).toBeGreaterThan(due);
  expect(published()).toEqual({ urgency: 5, deadlineNs: 0n });
  lasting.end();
  expect(tracker.inFlight).toBe(0);
});

test('a deadline that is set later counts from the beginning of the request', async () => {
  const tracker = track();
  const request = tracker.begin({ urgency: 900 });
  request.set({ deadlineNs: deadlineIn(1) });
  await untilInFlight(tracker, 0);
  expect(published()).toEqual({ urgency: 0, deadlineNs: 0n });
});

test('requests that begin after the first have expired expire too', async () => {
  const tracker = track({ maxSeconds: 0.01 });
  tracker.begin();
  await untilInFlight(tracker, 0);
  tracker.begin({ urgency: 900 });
  await untilInFlight(tracker, 0);
  expect(hints.urgency).toBe(0);
});

test('when a request expires: the deadline counts by its factor, maxSeconds bounds it', () => {
  const lifetimes = new Lifetimes({ expireFactor: 4, maxSeconds: 30 }, () => false);
  const begunMs = monotonicMs();
  const nowNs = begunMs * 1e6;
  const latest = begunMs + 30_000;
  const expiryIn = (ms: number) => lifetimes.expiryOf(begunMs, nowNs + ms * 1e6);
  expect(lifetimes.expiryOf(begunMs, 0)).toBe(latest);
  expect(expiryIn(6_000) - expiryIn(5_000)).toBeCloseTo(4_000, 1);
  expect(expiryIn(5_000)).toBeLessThan(latest);
  // Four times this would be later.
  expect(expiryIn(20_000)).toBe(latest);
  // A deadline that has passed already is no measure.
  expect(expiryIn(-5_000)).toBe(latest);
});

test.each([
  [{ expireFactor: 0.5 }, RangeError, 'expireFactor: expected a number 1..100, got 0.5'],
  [{ expireFactor: Number.NaN }, RangeError, 'expireFactor: expected a number 1..100, got NaN'],
  [{ expireFactor: '4' }, TypeError, 'expireFactor: expected a number 1..100, got string'],
  [{ maxSeconds: 0 }, RangeError, 'maxSeconds: expected a number above 0, up to 3600, got 0'],
  [{ maxSeconds: Number.POSITIVE_INFINITY }, RangeError, 'up to 3600, got Infinity'],
])('%o is refused', (options, type, message) => {
  const call = () => trackRequests(options as TrackRequestsOptions);
  expect(call).toThrow(type);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }));
  expect(call).toThrow(message);
});
