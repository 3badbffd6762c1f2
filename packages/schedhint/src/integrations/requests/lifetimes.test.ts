import { setImmediate as turn } from 'node:timers/promises';
import { attachThread, deadlineIn, monotonicNs } from '@schedhint/core';
import { afterEach, expect, test } from 'vitest';
import { Lifetimes } from './lifetimes.js';
import type { Requests } from './request.js';
import { type RequestsOptions, trackRequests } from './requests.js';

const { hints } = attachThread({ map: '/nonexistent/schedhint' });
const running: Requests[] = [];

function track(options?: RequestsOptions): Requests {
  const requests = trackRequests(hints, options);
  running.push(requests);
  return requests;
}
afterEach(() => {
  for (const requests of running.splice(0)) requests.stop();
});

const told = () => ({ urgency: hints.urgency, deadlineNs: hints.deadlineNs });

async function untilInFlight(requests: Requests, count: number): Promise<void> {
  while (requests.inFlight !== count) await turn();
}

test('a request expires after maxSeconds, and is as one that has ended', async () => {
  const requests = track({ maxSeconds: 0.01 });
  const request = requests.begin({ urgency: 900 });
  expect(told()).toEqual({ urgency: 900, deadlineNs: 0n });
  await untilInFlight(requests, 0);
  request.set({ urgency: 7 });
  request.end();
  expect([requests.inFlight, told()]).toEqual([0, { urgency: 0, deadlineNs: 0n }]);
});

test('a request expires after a multiple of its deadline; others go on', async () => {
  const requests = track({ expireFactor: 2 });
  const lasting = requests.begin({ urgency: 5 });
  const due = deadlineIn(10);
  requests.begin({ urgency: 900, deadlineNs: due });
  expect(told()).toEqual({ urgency: 900, deadlineNs: due });
  await untilInFlight(requests, 1);
  expect(monotonicNs()).toBeGreaterThan(due);
  expect(told()).toEqual({ urgency: 5, deadlineNs: 0n });
  lasting.end();
  expect(requests.inFlight).toBe(0);
});

test('a deadline that is set later counts from the beginning of the request', async () => {
  const requests = track();
  const request = requests.begin({ urgency: 900 });
  request.set({ deadlineNs: deadlineIn(1) });
  await untilInFlight(requests, 0);
  expect(told()).toEqual({ urgency: 0, deadlineNs: 0n });
});

test('requests that begin after the first have expired expire too', async () => {
  const requests = track({ maxSeconds: 0.01 });
  requests.begin();
  await untilInFlight(requests, 0);
  requests.begin({ urgency: 900 });
  await untilInFlight(requests, 0);
  expect(hints.urgency).toBe(0);
});

test('perContinuation: the continuation of an expired request has the hints of all', async () => {
  const requests = track({ perContinuation: true, maxSeconds: 0.01 });
  const work = requests.wrap(
    () => ({ urgency: 900 }),
    async () => {
      await turn();
      const before = hints.urgency;
      await untilInFlight(requests, 0);
      return [before, hints.urgency];
    },
  );
  expect(await work()).toEqual([900, 0]);
});

test('when a request expires: the deadline counts by its factor, maxSeconds bounds it', () => {
  const lifetimes = new Lifetimes({ expireFactor: 4, maxSeconds: 30 }, () => false);
  const begunMs = lifetimes.now();
  const nowNs = monotonicNs();
  const latest = begunMs + 30_000;
  const expiryIn = (ms: number) => lifetimes.expiryOf(begunMs, nowNs + BigInt(ms) * 1_000_000n);
  expect(lifetimes.expiryOf(begunMs, 0n)).toBe(latest);
  // The clocks cannot be read together, so one deadline is compared with another.
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
  const call = () => trackRequests(hints, options as RequestsOptions);
  expect(call).toThrow(type);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }));
  expect(call).toThrow(message);
});
