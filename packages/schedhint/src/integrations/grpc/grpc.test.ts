import { EventEmitter } from 'node:events';
import { attachThread } from '@schedhint/core/thread';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RequestHints, type RequestTracker, trackRequests } from '../../requests/index.js';
import { type GrpcCall, type GrpcRequestsOptions, grpcRequests } from './index.js';

const thread = attachThread({ map: '/nonexistent/schedhint' });
const method = { path: '/test.Shop/Pay', requestStream: false, responseStream: false };
let tracker: RequestTracker;

beforeEach(() => {
  tracker = trackRequests({ thread });
});
afterEach(() => tracker.stop());

/** A call, as grpc-js has it inside. */
class Call {
  readonly stream = new EventEmitter();
  readonly #deadline: Date | number;

  constructor(deadline: Date | number = Number.POSITIVE_INFINITY) {
    this.#deadline = deadline;
  }

  getDeadline() {
    return this.#deadline;
  }
}

const published = () => [tracker.inFlight, thread.hints.urgency, thread.hints.deadlineNs > 0n];
const track = (call: GrpcCall, describe?: GrpcRequestsOptions['describe']) =>
  grpcRequests({ tracker, describe })(method, call);

test('without describe a call is tracked without an opinion, with its deadline', () => {
  const call = new Call(Date.now() + 1000);
  expect(track(call)).toBe(call);
  expect(published()).toEqual([1, 0, true]);
  call.stream.emit('close');
  expect(published()).toEqual([0, 0, false]);
});

test.each<[string, RequestHints, Date | number, boolean]>([
  ['a Date', {}, new Date(Date.now() + 1000), true],
  ['without', {}, Number.POSITIVE_INFINITY, false],
  ['taken back', { deadlineMs: null }, Date.now() + 1000, false],
  ['from describe alone', { deadlineMs: 5 }, Number.POSITIVE_INFINITY, true],
])('deadline: %s', (_, hints, deadline, isDue) => {
  track(new Call(deadline), () => ({ urgency: 800, ...hints }));
  expect(published()).toEqual([1, 800, isDue]);
});

test("describe's own deadline counts, and not the client's", () => {
  track(new Call(Date.now() + 1000), () => ({ deadlineMs: 50_000 }));
  expect(thread.hints.deadlineMs).toBeGreaterThan(40_000);
});

test('null from describe leaves a call out; it gets the method', () => {
  const describe = vi.fn(() => null);
  track(new Call(Date.now() + 1000), describe);
  expect(published()).toEqual([0, 0, false]);
  expect(describe).toHaveBeenCalledExactlyOnceWith(method);
});

test.each([
  ['throws', () => JSON.parse('{')],
  ['is a promise', async () => ({ urgency: 900 })],
  ['has an unknown name', () => ({ urgensy: 900 })],
])('describe %s: a warning, and the call is tracked', async (_, describe) => {
  const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
  track(new Call(), describe as GrpcRequestsOptions['describe']);
  expect(await warning).toMatchObject({ code: 'SCHEDHINT_REQUEST' });
  expect(published()).toEqual([1, 0, false]);
});

test('a call is known by its stream, however it is wrapped; the route is the method', () => {
  const call = new Call();
  track({ nextCall: { nextCall: call }, getDeadline: () => 0 } as unknown as GrpcCall);
  track(call, () => ({ urgency: 700 }));
  expect(published()).toEqual([1, 700, true]);
  expect(tracker.of(call.stream as never)?.route).toBe('/test.Shop/Pay');
});

/** A call of an interceptor that hides the stream. */
function hidden() {
  const listeners: { onCancel(): void }[] = [];
  const sent: unknown[] = [];
  return {
    listeners,
    sent,
    getDeadline: () => Number.POSITIVE_INFINITY,
    start: (listener: never) => listeners.push(listener),
    sendStatus: (status: unknown) => sent.push(status),
  };
}

test('a call without a stream ends when it is cancelled', () => {
  const call = hidden();
  track(call);
  const onCancel = vi.fn();
  call.start({ onCancel } as never);
  expect(tracker.inFlight).toBe(1);
  call.listeners[0]!.onCancel();
  expect(onCancel).toHaveBeenCalledOnce();
  expect(tracker.inFlight).toBe(0);
});

test('a call without a stream ends with its status', () => {
  const call = hidden();
  track(call);
  call.sendStatus('OK');
  expect([call.sent, tracker.inFlight]).toEqual([['OK'], 0]);
});

test.each([
  [{ descirbe: () => ({}) }, 'did you mean describe?'],
  [{ describe: 'Pay' }, 'describe: expected a function, got string'],
  [{ tracker: {} }, 'tracker: expected what trackRequests() returns'],
  [null, 'grpcRequests: expected an object of options'],
])('%o is refused', (options, message) => {
  expect(() => grpcRequests(options as never)).toThrow(
    expect.objectContaining({
      code: 'ERR_SCHEDHINT_OPTION',
      message: expect.stringContaining(message),
    }),
  );
});
