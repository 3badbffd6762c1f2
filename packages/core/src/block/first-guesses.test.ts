// What a developer writes before reading the docs, in every kind of hints.

import { describe, expect, test, vi } from 'vitest';
import { LayeredHints } from '../channel/layered-hints.js';
import { TldHints } from '../channel/tld-hints.js';
import { JointHints } from '../thread/joint-hints.js';
import { BlockWords } from './block-arrays.js';
import { BlockHints } from './block-hints.js';
import { monotonicNs } from './clock.js';
import type { Hints, HintValues } from './hints.js';
import { threadLayout } from './standard-layouts.js';

const block = () => new BlockHints(new BlockWords(new ArrayBuffer(threadLayout.size)));
const identity = { gc: null, urgency: (urgency: number) => urgency };
const kinds: [string, () => Hints][] = [
  ['a block', block],
  ['several channels', () => new JointHints([block(), block()])],
  ['scx_layered', () => new LayeredHints(block(), identity, () => {})],
  ['tld', () => new TldHints(new ArrayBuffer(64), 0, { layout: null, hints: {}, gc: {} })],
];

/** Whether a deadline is that of a call between two readings of the clock. */
function expectIn(ms: number, deadlineNs: bigint, before: bigint, after: bigint) {
  const ns = BigInt(ms * 1e6);
  expect(deadlineNs).toBeGreaterThanOrEqual(before + ns);
  expect(deadlineNs).toBeLessThanOrEqual(after + ns);
}

describe.each(kinds)('%s', (_, make) => {
  test.each([
    ['low', 256],
    ['normal', 512],
    ['high', 768],
    ['critical', 1024],
  ] as const)('urgency %s is %i', (name, number) => {
    const hints = make();
    hints.urgency = name;
    expect(hints.urgency).toBe(number);
    hints.urgency = 3;
    hints.set({ urgency: name });
    expect(hints.urgency).toBe(number);
  });

  test('deadlineMs counts from now, and reads what is left', () => {
    const hints = make();
    expect(hints.deadlineMs).toBeNull();
    let before = monotonicNs();
    hints.deadlineMs = 20;
    expectIn(20, hints.deadlineNs, before, monotonicNs());
    before = monotonicNs();
    hints.set({ deadlineMs: 1.5 });
    expectIn(1.5, hints.deadlineNs, before, monotonicNs());
    hints.deadlineMs = -5;
    expect(hints.deadlineMs).toBeLessThanOrEqual(-5);
    hints.deadlineMs = null;
    expect(hints.deadlineNs).toBe(0n);
    for (const value of ['20', 20n, undefined]) {
      expect(() => {
        hints.deadlineMs = value as never;
      }).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' }));
    }
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => {
        hints.deadlineMs = value;
      }).toThrow(
        expect.objectContaining({
          code: 'ERR_SCHEDHINT_FIELD_RANGE',
          message: expect.stringMatching(/^deadlineMs: /),
        }),
      );
    }
  });

  test('deadlineAt is a time of the wall clock', () => {
    const hints = make();
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    try {
      for (const at of [new Date(1_000_250), 1_000_250]) {
        const before = monotonicNs();
        hints.set({ deadlineAt: at });
        expectIn(250, hints.deadlineNs, before, monotonicNs());
      }
      // What grpc-js has for no deadline.
      hints.set({ deadlineAt: Number.POSITIVE_INFINITY });
      expect(hints.deadlineNs).toBe(0n);
      // Before the machine was started.
      hints.set({ deadlineAt: -1e15 });
      expect(hints.deadlineNs).toBe(1n);
    } finally {
      vi.useRealTimers();
    }
    const bad: [unknown, string][] = [
      ['soon', 'ERR_SCHEDHINT_FIELD_TYPE'],
      [1n, 'ERR_SCHEDHINT_FIELD_TYPE'],
      [Number.NaN, 'ERR_SCHEDHINT_FIELD_RANGE'],
      [new Date(Number.NaN), 'ERR_SCHEDHINT_FIELD_RANGE'],
      [Number.NEGATIVE_INFINITY, 'ERR_SCHEDHINT_FIELD_RANGE'],
    ];
    for (const [deadlineAt, code] of bad) {
      expect(() => hints.set({ deadlineAt } as HintValues)).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(/^deadlineAt: /) }),
      );
    }
  });

  test('only one deadline at a time', () => {
    const hints = make();
    const pairs: HintValues[] = [
      { deadlineMs: 1, deadlineNs: 1n },
      { deadlineAt: 1, deadlineNs: 1n },
      { deadlineMs: 1, deadlineAt: null },
      { deadlineMs: null, deadlineNs: null },
    ];
    for (const pair of pairs) {
      expect(() => hints.set({ urgency: 5, ...pair })).toThrow(
        expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
      );
    }
    expect(hints.urgency).toBe(0);
    hints.set({ deadlineMs: undefined, deadlineAt: undefined, deadlineNs: 7 });
    expect(hints.deadlineNs).toBe(7n);
  });

  test('null takes each hint back', () => {
    const hints = make();
    const values = { batch: true, sliceUs: 6, user: 8n, phase: 'serving' } as const;
    for (const deadline of ['deadlineNs', 'deadlineMs', 'deadlineAt']) {
      hints.set({ ...values, urgency: 'high', deadlineMs: 9 });
      hints.set({
        ...{ urgency: null, batch: null, sliceUs: null, user: null, phase: null },
        [deadline]: null,
      });
      const { urgency, batch, sliceUs, deadlineNs, user, phase } = hints;
      expect({ urgency, batch, sliceUs, deadlineNs, user, phase }).toEqual({
        ...{ urgency: 0, batch: false, sliceUs: 0, deadlineNs: 0n, user: 0n, phase: 'none' },
      });
    }
  });

  test('a name that is not known is refused with the one that was meant', () => {
    const hints = make();
    expect(() => hints.set({ urgency: 5, deadline: 20 } as HintValues)).toThrow(
      expect.objectContaining({
        code: 'ERR_SCHEDHINT_OPTION',
        message: 'set: unknown name "deadline"; did you mean deadlineMs?',
      }),
    );
    expect(hints.urgency).toBe(0);
  });
});
