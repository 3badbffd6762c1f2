import { attachThread } from '@schedhint/core/thread';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RequestTracker, trackRequests } from '../../requests/index.js';
import { piscinaTasks, type TaskHints, withHints } from './index.js';

const thread = attachThread({ map: '/nonexistent/schedhint' });
let tracker: RequestTracker;

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

/** What the task was, and what the thread published while it ran. */
const seenBy = <T>() =>
  piscinaTasks((task: T) => ({ task, inFlight: tracker.inFlight, ...hints() }), { tracker });
const hints = () => ({
  urgency: thread.hints.urgency,
  isDue: thread.hints.deadlineNs > 0n,
});

test.each([undefined, null, 5, 'text', [1, 2], { url: '/' }, new Uint8Array([1])])(
  'a task %o arrives as it was, with its hints and without',
  (task) => {
    const run = seenBy<unknown>();
    const plain = { task, inFlight: 1, urgency: 0, isDue: false };
    expect(run(structuredClone(task))).toEqual(plain);
    const travelled = structuredClone(withHints(task, { urgency: 'high', deadlineMs: 50 }));
    expect(run(travelled)).toEqual({ ...plain, urgency: 768, isDue: true });
    expect(hints()).toEqual({ urgency: 0, isDue: false });
    expect(tracker.inFlight).toBe(0);
  },
);

test('a deadline is of the time when the task was made', () => {
  const { deadlineNs } = withHints('task', { deadlineMs: 1000 })['schedhint.hints'];
  expect(withHints('task', { deadlineNs })['schedhint.hints'].deadlineNs).toBe(deadlineNs);
  expect(JSON.parse(JSON.stringify(deadlineNs))).toBe(deadlineNs);
});

test('a task lasts until its promise is settled', async () => {
  let resolve: (value: number) => void = () => {};
  const promise = new Promise<number>((settle) => {
    resolve = settle;
  });
  const run = piscinaTasks((_: string) => promise, { tracker });
  const result = run(withHints('task', { urgency: 900 }));
  expect(hints().urgency).toBe(900);
  resolve(5);
  expect(await result).toBe(5);
  expect(hints().urgency).toBe(0);
});

test.each<[object, string]>([
  [{ urgency: 2000 }, 'urgency: expected'],
  [{ urgensy: 5 }, 'did you mean urgency?'],
  [{ signal: new AbortController().signal }, 'a signal cannot travel'],
  [{ deadlineMs: 5, deadlineNs: 5n }, 'expected one of deadlineMs'],
])('hints %o are refused where the task is made', (wrong, message) => {
  expect(() => withHints('task', wrong as TaskHints)).toThrow(message);
});

test.each([
  [() => piscinaTasks('render' as never), 'run: expected a function, got string'],
  [() => piscinaTasks(() => {}, { trakcer: tracker } as never), 'did you mean tracker?'],
])('%s is refused', (call, message) => {
  expect(call).toThrow(
    expect.objectContaining({
      code: 'ERR_SCHEDHINT_OPTION',
      message: expect.stringContaining(message),
    }),
  );
});
