import { expect, test, vi } from 'vitest';
import { deadlineIn, monotonicMs, monotonicNs } from './clock.js';

test('monotonicNs lies between two readings of the same clock', () => {
  // The tests run in the initial time namespace, where hrtime is that clock.
  const before = process.hrtime.bigint();
  const now = monotonicNs();
  const after = process.hrtime.bigint();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(after);
});

test('monotonicMs is the same clock', () => {
  const before = Number(monotonicNs()) / 1e6;
  const now = monotonicMs();
  const after = Number(monotonicNs()) / 1e6;
  expect(now).toBeGreaterThanOrEqual(before - 0.001);
  expect(now).toBeLessThanOrEqual(after + 0.001);
});

test("a test's fake timers do not stop the clock: the scheduler reads the real one", () => {
  const before = process.hrtime.bigint();
  vi.useFakeTimers({ toFake: ['hrtime'], now: 0 });
  try {
    expect(process.hrtime.bigint()).not.toBeGreaterThan(before); // it stands still
    expect(monotonicNs()).toBeGreaterThanOrEqual(before);
    expect(monotonicMs()).toBeGreaterThanOrEqual(Number(before) / 1e6 - 0.001);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [0, 0n],
  [1.5, 1_500_000n],
  [-3, -3_000_000n],
  [1e-6, 1n],
])('deadlineIn(%f) is so far from now', (milliseconds, ns) => {
  const before = monotonicNs();
  const deadline = deadlineIn(milliseconds);
  const after = monotonicNs();
  expect(deadline - ns).toBeGreaterThanOrEqual(before);
  expect(deadline - ns).toBeLessThanOrEqual(after);
});

test.each([
  ['20', 'ERR_SCHEDHINT_FIELD_TYPE', TypeError],
  [undefined, 'ERR_SCHEDHINT_FIELD_TYPE', TypeError],
  [null, 'ERR_SCHEDHINT_FIELD_TYPE', TypeError],
  [20n, 'ERR_SCHEDHINT_FIELD_TYPE', TypeError],
  [Number.NaN, 'ERR_SCHEDHINT_FIELD_RANGE', RangeError],
  [Number.POSITIVE_INFINITY, 'ERR_SCHEDHINT_FIELD_RANGE', RangeError],
  [Number.NEGATIVE_INFINITY, 'ERR_SCHEDHINT_FIELD_RANGE', RangeError],
  [1e300, 'ERR_SCHEDHINT_FIELD_RANGE', RangeError],
  [-1e12, 'ERR_SCHEDHINT_FIELD_RANGE', RangeError],
])('deadlineIn(%o) is refused', (milliseconds, code, type) => {
  const call = () => deadlineIn(milliseconds as number);
  expect(call).toThrow(type);
  expect(call).toThrow(expect.objectContaining({ code }));
});
