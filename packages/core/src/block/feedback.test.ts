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
  expect(JSON.parse(JSON.stringify(feedback))).toEqual({ source: 'bpf', ...json });
  expect(inspect(feedback)).toMatch(/^Feedback \{\s+source: 'bpf',\s+readerAbi: 4000000000,/);
});

test('times are also numbers, in milliseconds', () => {
  const buffer = new ArrayBuffer(256);
  const view = createView(threadLayout, buffer, 0);
  const feedback = new Feedback(new BlockWords(buffer, 0));
  view.reader_abi = 1;
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

const USAGE = { onCpuNs: 2_000_000, runDelayNs: 1_500_000, preempted: 7 };

/** Feedback on a block, with what the kernel has counted. */
function feedbackWith(around: { hasReader: boolean; usage: typeof USAGE | null }) {
  const buffer = new ArrayBuffer(256);
  const without = {
    get hasReader() {
      return around.hasReader;
    },
    usage: () => around.usage,
  };
  const feedback = new Feedback(new BlockWords(buffer, 0), without);
  return { view: createView(threadLayout, buffer, 0), feedback };
}

test("without a reader it is the kernel's", () => {
  const { feedback } = feedbackWith({ hasReader: false, usage: USAGE });
  expect(feedback.source).toBe('schedstat');
  expect([feedback.runDelayNs, feedback.onCpuNs]).toEqual([1_500_000n, 2_000_000n]);
  expect([feedback.runDelayMs, feedback.onCpuMs, feedback.preempted]).toEqual([1.5, 2, 7]);
  const { gcRunDelayNs, gcRunDelayMs, gcPreempted } = feedback;
  expect([gcRunDelayNs, gcRunDelayMs, gcPreempted]).toEqual([null, null, null]);
  expect(feedback.read()).toEqual({
    source: 'schedstat',
    ...{ runDelayNs: 1_500_000n, runDelayMs: 1.5, onCpuNs: 2_000_000n, onCpuMs: 2, preempted: 7 },
    ...{ gcRunDelayMs: null, gcPreempted: null },
  });
});

test('without both there is nothing', () => {
  const { feedback } = feedbackWith({ hasReader: false, usage: null });
  expect(feedback.source).toBe('none');
  expect(feedback.runDelayNs).toBe(0n);
  expect(feedback.read()).toMatchObject({ source: 'none', onCpuNs: 0n, preempted: 0 });
});

test('a reader comes first, and when it has gone a sample is of the kernel again', () => {
  const around = { hasReader: true, usage: USAGE };
  const { view, feedback } = feedbackWith(around);
  Object.assign(view, { reader_abi: 1, run_delay_ns: 9_000_000n, gc_run_delay_ns: 4_000_000n });
  Object.assign(view, { on_cpu_ns: 8_000_000n, preempted: 3, gc_preempted: 2 });
  expect(feedback.runDelayMs).toBe(9);
  expect(feedback.read()).toEqual({
    source: 'bpf',
    ...{ runDelayNs: 9_000_000n, runDelayMs: 9, onCpuNs: 8_000_000n, onCpuMs: 8, preempted: 3 },
    ...{ gcRunDelayMs: 4, gcPreempted: 2 },
  });
  around.hasReader = false;
  expect(feedback.source).toBe('schedstat');
  expect(feedback.read()).toMatchObject({ source: 'schedstat', runDelayMs: 1.5 });
});
