import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attribute, type Measured } from './attribution.js';
import { RECORD_PARTS } from './shared-record.js';
import type { StallPart } from './stall.js';

/** 100 ms in which nothing was measured. */
const NOTHING: Measured = {
  durationMs: 100,
  gcMs: 0,
  cpuMs: 0,
  runDelayMs: 0,
  throttledMs: 0,
  waits: 0,
  wasStopped: false,
};

/** The parts that are not 0. */
function partsOf(measured: Partial<Measured>): Partial<Record<StallPart, number>> {
  const { parts } = attribute({ ...NOTHING, ...measured });
  return Object.fromEntries(Object.entries(parts).filter(([, ms]) => ms > 0));
}

const ms = fc.oneof(
  fc.constant(0),
  fc.double({ min: -10, max: 1e6, noNaN: true }),
  fc.constant(Number.NaN),
);
const maybeMs = fc.option(ms);
const measured = fc.record({
  durationMs: ms,
  gcMs: maybeMs,
  cpuMs: maybeMs,
  runDelayMs: maybeMs,
  throttledMs: maybeMs,
  waits: fc.option(fc.nat(3)),
  wasStopped: fc.boolean(),
});

test('the parts are not negative, and their sum is the duration', () => {
  fc.assert(
    fc.property(measured, (of) => {
      const { parts, cause } = attribute(of);
      const duration = Number.isNaN(of.durationMs) ? 0 : Math.max(of.durationMs, 0);
      const values = RECORD_PARTS.map((part) => parts[part]);
      for (const value of values) expect(value).toBeGreaterThanOrEqual(0);
      expect(values.reduce((a, b) => a + b)).toBeCloseTo(duration, 6);
      const largest = Math.max(...values);
      if (cause === 'mixed') expect(largest).toBeLessThan(duration / 2);
      else expect(parts[cause]).toBe(largest);
    }),
  );
});

test('nothing is unknown where nothing is missing', () => {
  fc.assert(
    fc.property(measured, (of) => {
      const { parts, missing } = attribute(of);
      if (!missing.includes('schedstat')) expect(parts.unknown).toBe(0);
    }),
  );
});

describe('parts', () => {
  test('code, gc and no CPU', () => {
    expect(partsOf({ gcMs: 20, cpuMs: 50, runDelayMs: 30 })).toEqual({
      gc: 20,
      code: 50,
      noCpu: 30,
    });
  });

  test('throttled is a part of the run delay, and no more', () => {
    expect(partsOf({ cpuMs: 20, runDelayMs: 80, throttledMs: 70 })).toEqual({
      ...{ code: 20, throttled: 70, noCpu: 10 },
    });
    expect(partsOf({ cpuMs: 20, runDelayMs: 80, throttledMs: 900 })).toEqual({
      ...{ code: 20, throttled: 80 },
    });
    expect(partsOf({ cpuMs: 100, throttledMs: 900 })).toEqual({ code: 100 });
  });

  test('the rest is blocked if the thread has begun to wait', () => {
    expect(partsOf({ cpuMs: 1, waits: 1 })).toEqual({ code: 1, blocked: 99 });
  });

  test('the rest is paused if it has not, or the process was stopped', () => {
    expect(partsOf({ cpuMs: 1 })).toEqual({ code: 1, paused: 99 });
    expect(partsOf({ cpuMs: 1, waits: 1, wasStopped: true })).toEqual({ code: 1, paused: 99 });
  });

  test('what a missing source leaves is unknown, and says which', () => {
    const without = (of: Partial<Measured>) => attribute({ ...NOTHING, cpuMs: 40, ...of });
    expect(without({ runDelayMs: null })).toMatchObject({
      ...{ parts: { code: 40, unknown: 60 }, missing: ['schedstat'], cause: 'unknown' },
    });
    expect(without({ waits: null, runDelayMs: 10 })).toMatchObject({
      ...{ parts: { code: 40, noCpu: 10, unknown: 50 }, missing: ['schedstat'] },
    });
    expect(without({ throttledMs: null, runDelayMs: 60 })).toMatchObject({
      ...{ parts: { noCpu: 60 }, missing: ['cgroup'], cause: 'noCpu' },
    });
    expect(without({ gcMs: null }).missing).toEqual(['gc']);
  });
});

test('the cause is a part that is half of it', () => {
  expect(attribute({ ...NOTHING, cpuMs: 50, gcMs: 50 }).cause).toBe('gc');
  expect(attribute({ ...NOTHING, cpuMs: 49, gcMs: 49, waits: 1 }).cause).toBe('mixed');
});
