import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createView } from '../view/struct-view.js';
import { BlockWords } from './block-arrays.js';
import { Feedback } from './feedback.js';
import { threadLayout } from './standard-layouts.js';

const FIELDS = {
  readerAbi: ['reader_abi', 4_000_000_000],
  readerFlags: ['reader_flags', 0x8000_0003],
  readerSeenNs: ['reader_seen_ns', 2n ** 64n - 1n],
  runDelayNs: ['run_delay_ns', 0x7ff8_0000_0000_0001n],
  gcRunDelayNs: ['gc_run_delay_ns', 0xfff0_0000_0000_0001n],
  onCpuNs: ['on_cpu_ns', 2n ** 53n + 1n],
  preempted: ['preempted', 2 ** 32 - 1],
  gcPreempted: ['gc_preempted', 2 ** 32 - 2],
  grantedNs: ['granted_ns', 2n ** 63n],
  throttledNs: ['throttled_ns', 2n ** 62n],
  refused: ['refused', 2 ** 32 - 3],
} as const;

test('each property is its field, whole, and read-only', () => {
  const buffer = new ArrayBuffer(512);
  const view = createView(threadLayout, buffer, 256) as unknown as Record<string, unknown>;
  const feedback = new Feedback(new BlockWords(buffer, 256));
  for (const [field, value] of Object.values(FIELDS)) view[field] = value;
  for (const [name, [, value]] of Object.entries(FIELDS)) {
    expect(feedback[name as keyof typeof FIELDS]).toBe(value);
    expect(() => {
      (feedback as unknown as Record<string, unknown>)[name] = 0;
    }).toThrow(TypeError);
  }
  const json = Object.fromEntries(
    Object.entries(FIELDS).map(([name, [, v]]) => [name, typeof v === 'bigint' ? `${v}` : v]),
  );
  expect(JSON.parse(JSON.stringify(feedback))).toEqual(json);
  expect(inspect(feedback)).toMatch(/^Feedback \{\s+readerAbi: 4000000000,/);
});

test('times are also numbers, in milliseconds', () => {
  const buffer = new ArrayBuffer(256);
  const view = createView(threadLayout, buffer, 0);
  const feedback = new Feedback(new BlockWords(buffer, 0));
  view.run_delay_ns = 1_500_001n;
  view.gc_run_delay_ns = 2_000_000n;
  view.on_cpu_ns = 3_000_000n;
  view.granted_ns = 4_000_000n;
  view.throttled_ns = 10n ** 18n;
  const { runDelayMs, gcRunDelayMs, onCpuMs, grantedMs, throttledMs } = feedback;
  expect([runDelayMs, gcRunDelayMs, onCpuMs, grantedMs, throttledMs]).toEqual([
    ...[1.500001, 2, 3, 4, 1e12],
  ]);
});

test('move points it elsewhere, or refuses and leaves it', () => {
  const feedback = new Feedback(new BlockWords(new ArrayBuffer(256)));
  const other = new ArrayBuffer(256);
  createView(threadLayout, other, 0).run_delay_ns = 5n;
  Feedback.move(feedback, other, 0);
  expect(feedback.runDelayNs).toBe(5n);
  expect(() => Feedback.move(feedback, new ArrayBuffer(8), 0)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
  expect(feedback.runDelayNs).toBe(5n);
  expect(() => new Feedback(new BlockWords(new ArrayBuffer(255)))).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
});
