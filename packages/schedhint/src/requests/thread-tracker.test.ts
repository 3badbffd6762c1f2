import { attachThread } from '@schedhint/core/thread';
import { afterEach, expect, test } from 'vitest';
import { trackRequests } from './track-requests.js';

const { hints } = attachThread();
afterEach(() => trackRequests().stop());

test('a thread has one tracker, until it is stopped', () => {
  const tracker = trackRequests();
  expect(trackRequests()).toBe(tracker);
  expect(trackRequests({ thread: attachThread() })).toBe(tracker);
  const request = tracker.begin({ urgency: 900 });
  trackRequests().begin({ urgency: 500 });
  expect([tracker.inFlight, hints.urgency]).toEqual([2, 900]);
  request.end();
  expect(hints.urgency).toBe(500);
  tracker.stop();
  expect(hints.urgency).toBe(0);
  const next = trackRequests();
  expect(next).not.toBe(tracker);
  next.begin({ urgency: 700 });
  expect(hints.urgency).toBe(700);
});

test('a thread of another map has another', () => {
  const thread = attachThread({ map: '/nonexistent/schedhint' });
  expect(trackRequests({ thread })).not.toBe(trackRequests());
});

test('a later call changes the limits that it names', async () => {
  const tracker = trackRequests({ maxSeconds: 3600 });
  trackRequests({ expireFactor: 2 });
  tracker.begin({ urgency: 900 });
  expect(tracker.inFlight).toBe(1);
  expect(trackRequests({ maxSeconds: 0.001 })).toBe(tracker);
  tracker.begin({ urgency: 800 });
  while (tracker.inFlight > 1) await new Promise((resolve) => setImmediate(resolve));
  expect(hints.urgency).toBe(900); // it has the limit with which it began
});
