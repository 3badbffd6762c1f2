import { expect, test } from 'vitest';
import type { Stall } from './stall.js';
import { lineOf } from './stall-line.js';

const NONE = { count: 0, ms: 0 };
const STALL: Stall = {
  threadId: 0,
  tid: 7,
  at: 0,
  durationMs: 184.2,
  parts: { gc: 38, code: 22, noCpu: 121, throttled: 3, blocked: 0.2, paused: 0, unknown: 0 },
  cause: 'noCpu',
  gc: { minor: NONE, major: { count: 1, ms: 38 }, other: NONE },
  switches: { voluntary: 0, involuntary: 9 },
  majorFaults: 0,
  requests: [{ method: 'GET', route: '/checkout', ageMs: 203.4 }],
  precision: 'high',
  missing: [],
};

test('the line', () => {
  expect(lineOf(STALL)).toBe(
    'schedhint: stall 184 ms on main: 121 no CPU, 38 GC (1 major), 22 code, 3 throttled; GET /checkout 203 ms',
  );
});

test('a worker, many requests, low precision, what was not measured', () => {
  const requests = [{ method: '', route: '', ageMs: 5 }, ...STALL.requests];
  const stall: Stall = {
    ...STALL,
    ...{ threadId: 3, requests, precision: 'low', missing: ['schedstat', 'gc'] },
    parts: { ...STALL.parts, gc: 0, noCpu: 0, throttled: 0, unknown: 162 },
  };
  expect(lineOf(stall)).toBe(
    'schedhint: stall 184 ms on worker 3: 162 unknown, 22 code; a request 5 ms and 1 more; low precision; not measured: schedstat, gc',
  );
});

test('a client cannot forge a line', () => {
  const requests = [{ method: 'GET\nschedhint: stall 1 ms\x1b[2J', route: '/é', ageMs: 1 }];
  expect(lineOf({ ...STALL, requests })).toMatch(/; GET\?schedhint: stall 1 ms\?\[2J \/\? 1 ms$/);
});
