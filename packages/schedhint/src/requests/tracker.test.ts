import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import {
  attachThread,
  deadlineIn,
  type Hints,
  type ScopedThread,
  urgencyOf,
} from '@schedhint/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RequestTracker, TrackedRequest } from './request.js';
import { type TrackRequestsOptions, trackRequests } from './track-requests.js';

const map = '/nonexistent/schedhint';
let thread: ScopedThread;
const running: RequestTracker[] = [];

function track(options?: TrackRequestsOptions): RequestTracker {
  const tracker = trackRequests({ thread, ...options });
  running.push(tracker);
  return tracker;
}

beforeEach(() => {
  thread = attachThread({ map, scoped: true });
});
afterEach(() => {
  for (const tracker of running.splice(0)) tracker.stop();
  thread.stop();
});

const published = () => ({ urgency: thread.hints.urgency, deadlineNs: thread.hints.deadlineNs });
const nothing = { urgency: 0, deadlineNs: 0n };

/** Hints that count what is written to them. */
function counted(): Hints & { writes: number } {
  const hints = { urgency: 0, deadlineNs: 0n, writes: 0 };
  return {
    get writes() {
      return hints.writes;
    },
    get urgency() {
      return hints.urgency;
    },
    set urgency(value) {
      hints.urgency = value;
      hints.writes++;
    },
    get deadlineNs() {
      return hints.deadlineNs;
    },
    set deadlineNs(value: bigint | number) {
      hints.deadlineNs = BigInt(value);
      hints.writes++;
    },
    set({ urgency, deadlineNs }: { urgency: number; deadlineNs: number }) {
      Object.assign(hints, { urgency, deadlineNs: BigInt(deadlineNs) });
      hints.writes++;
    },
  } as Hints & { writes: number };
}

/** A deadline as a tracker has it: a double below 2^64. */
const kept = (ns: bigint) => BigInt(Math.min(Number(ns), 2 ** 64 - 2048));

/** One without an opinion is as urgent as a normal one. */
function highestOf(urgencies: number[]): number {
  const highest = Math.max(0, ...urgencies);
  return highest < 512 && urgencies.includes(0) ? 0 : highest;
}

test('a request of low urgency does not make the thread less urgent than one without an opinion needs', () => {
  const tracker = track();
  const low = tracker.begin({ urgency: 100 });
  expect(published().urgency).toBe(100);
  const normal = tracker.begin();
  expect(published().urgency).toBe(0);
  const high = tracker.begin({ urgency: 700 });
  expect(published().urgency).toBe(700);
  high.end();
  expect(published().urgency).toBe(0);
  normal.end();
  expect(published().urgency).toBe(100);
  low.end();
  expect(published().urgency).toBe(0);
});

test('the earliest deadline and the highest urgency of those in flight', () => {
  const tracker = track();
  const [soon, later] = [deadlineIn(10), deadlineIn(500)];
  const urgent = tracker.begin({ urgency: 900, deadlineNs: later });
  const due = tracker.begin({ urgency: 100, deadlineNs: soon });
  tracker.begin();
  expect(published()).toEqual({ urgency: 900, deadlineNs: soon });
  expect(tracker.inFlight).toBe(3);
  due.end();
  expect(published()).toEqual({ urgency: 900, deadlineNs: later });
  urgent.end();
  expect(published()).toEqual(nothing);
  expect(tracker.inFlight).toBe(1);
});

test('what changes, and a second end', () => {
  const tracker = track();
  const other = tracker.begin({ urgency: 5 });
  const request = tracker.begin({ urgency: 700, deadlineNs: 40 });
  request.set({ urgency: 3 });
  expect(published()).toEqual({ urgency: 5, deadlineNs: 40n });
  request.set({ deadlineNs: 0 });
  expect(published()).toEqual({ urgency: 5, deadlineNs: 0n });
  other.end();
  other.end();
  other.set({ urgency: 1024 });
  expect(published()).toEqual({ urgency: 3, deadlineNs: 0n });
  request[Symbol.dispose]();
  expect(published()).toEqual(nothing);
});

test('undefined leaves a hint as it is', () => {
  const tracker = track();
  const request = tracker.begin({ urgency: 700, deadlineNs: undefined });
  request.set({ urgency: undefined, deadlineNs: 40 });
  expect(published()).toEqual({ urgency: 700, deadlineNs: 40n });
  request.set({ urgency: undefined, deadlineNs: undefined });
  expect(published()).toEqual({ urgency: 700, deadlineNs: 40n });
});

test('against a plain list: whatever begins, changes and ends', () => {
  const hint = fc.record({
    urgency: fc.integer({ min: 0, max: 1024 }),
    deadlineNs: fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(0n, 2n ** 64n - 1n)),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), hint }) },
    fc.record({ kind: fc.constant('set' as const), hint, which: fc.nat() }),
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const hints = counted();
      const tracker = trackRequests({ thread: { hints } });
      const model: { urgency: number; deadlineNs: bigint; request: TrackedRequest }[] = [];
      for (const step of steps) {
        const before = { urgency: hints.urgency, deadlineNs: hints.deadlineNs };
        const writes = hints.writes;
        const which = 'which' in step ? step.which % Math.max(model.length, 1) : 0;
        if (step.kind === 'begin') {
          model.push({ ...step.hint, request: tracker.begin(step.hint) });
        } else if (model.length > 0 && step.kind === 'set') {
          Object.assign(model[which]!, step.hint).request.set(step.hint);
        } else if (model.length > 0) {
          model.splice(which, 1)[0]!.request.end();
        }
        const due = model.map(({ deadlineNs }) => kept(deadlineNs)).filter((ns) => ns > 0n);
        const now = { urgency: hints.urgency, deadlineNs: hints.deadlineNs };
        expect(now).toEqual({
          urgency: highestOf(model.map(({ urgency }) => urgency)),
          deadlineNs: due.sort((a, b) => Number(a > b) - Number(a < b))[0] ?? 0n,
        });
        const changed = now.urgency !== before.urgency || now.deadlineNs !== before.deadlineNs;
        expect(hints.writes - writes).toBe(changed ? 1 : 0);
        expect(tracker.inFlight).toBe(model.length);
      }
      tracker.stop();
      expect([hints.urgency, hints.deadlineNs, tracker.inFlight]).toEqual([0, 0n, 0]);
    }),
    { numRuns: 300 },
  );
});

test.each([
  [{ urgency: 1025 }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ urgency: -1 }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ urgency: Number.NaN }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ urgency: '5' }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ urgency: 5n }, 'ERR_SCHEDHINT_FIELD_TYPE'],
  [{ urgencey: 5 }, 'ERR_SCHEDHINT_OPTION'],
  [{ deadlineMs: 5, deadlineNs: 5 }, 'ERR_SCHEDHINT_OPTION'],
  [{ deadlineNs: 1.5 }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ deadlineNs: -1n }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ deadlineNs: 2n ** 64n }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ deadlineNs: Number.NaN }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ deadlineNs: Number.POSITIVE_INFINITY }, 'ERR_SCHEDHINT_FIELD_RANGE'],
  [{ deadlineNs: '20' }, 'ERR_SCHEDHINT_FIELD_TYPE'],
  [null, 'ERR_SCHEDHINT_FIELD_TYPE'],
  ['high', 'ERR_SCHEDHINT_FIELD_TYPE'],
])('%o is refused, and leaves nothing', (hint, code) => {
  const tracker = track();
  expect(() => tracker.begin(hint as never)).toThrow(expect.objectContaining({ code }));
  const request = tracker.begin({ urgency: 7, deadlineNs: 8 });
  expect(() => request.set(hint as never)).toThrow(expect.objectContaining({ code }));
  expect(published()).toEqual({ urgency: 7, deadlineNs: 8n });
  request.end();
  expect([tracker.inFlight, published()]).toEqual([0, nothing]);
});

/** The warnings of the process while something runs. */
async function warningsOf(run: () => unknown): Promise<Error[]> {
  await turn(); // an earlier warning may be on its way
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  await run();
  await turn(); // they are emitted later
  process.off('warning', onWarning);
  return warnings;
}

test('a channel that refuses the hints: a warning, once, and no caller that ends a request sees it', async () => {
  const hints = counted();
  const write = hints.set;
  const refuse = (urgency: number) => {
    if (urgency === 305) throw new RangeError('no such layer');
  };
  const urgency = Object.getOwnPropertyDescriptor(hints, 'urgency')!;
  Object.defineProperty(hints, 'urgency', {
    ...urgency,
    set(value: number) {
      refuse(value);
      urgency.set!.call(hints, value);
    },
  });
  hints.set = (group) => {
    refuse(urgencyOf(group.urgency ?? 0));
    write.call(hints, group);
  };
  const tracker = trackRequests({ thread: { hints } });
  const warnings = await warningsOf(() => {
    const hidden = tracker.begin({ urgency: 305, deadlineNs: 6 });
    expect([tracker.inFlight, hints.urgency, hints.deadlineNs]).toEqual([1, 0, 0n]);
    const urgent = tracker.begin({ urgency: 900 });
    expect([hints.urgency, hints.deadlineNs]).toEqual([900, 6n]);
    // What it hid is refused: the thread must not stay urgent for that.
    urgent.end();
    expect([tracker.inFlight, hints.urgency]).toEqual([1, 0]);
    hidden.set({ urgency: 7 });
    expect([hints.urgency, hints.deadlineNs]).toEqual([7, 6n]);
    hidden.end();
  });
  expect([tracker.inFlight, hints.urgency, hints.deadlineNs]).toEqual([0, 0, 0n]);
  expect(warnings).toEqual([
    expect.objectContaining({
      code: 'SCHEDHINT_REQUEST_REFUSED',
      message: expect.stringContaining('RangeError: no such layer'),
    }),
  ]);
});

test('a channel that refuses everything, even to take hints back', async () => {
  const hints = counted();
  const write = hints.set;
  hints.set = () => {
    throw new Error('gone');
  };
  const tracker = trackRequests({ thread: { hints } });
  const warnings = await warningsOf(() => {
    tracker.begin({ urgency: 5, deadlineNs: 6 });
    hints.set = write;
    tracker.begin({ urgency: 900 });
  });
  expect([hints.urgency, hints.deadlineNs, warnings.length]).toEqual([900, 6n, 1]);
});

test('stop ends all; what begins later is not tracked', () => {
  const tracker = track();
  const request = tracker.begin({ urgency: 900 });
  tracker.stop();
  expect([tracker.inFlight, published()]).toEqual([0, nothing]);
  tracker.begin({ urgency: 900 });
  request.set({ urgency: 5 });
  request.end();
  expect([tracker.inFlight, published()]).toEqual([0, nothing]);
});

test('without a thread it is the calling one', () => {
  const tracker = trackRequests();
  tracker.begin({ urgency: 900 });
  expect(attachThread().hints.urgency).toBe(900);
  tracker.stop();
  expect(attachThread().hints.urgency).toBe(0);
});

test.each([
  [{ thread: null }, 'thread: expected what attachThread() returns'],
  [{ thread: {} }, 'thread: expected what attachThread() returns'],
  [null, 'trackRequests: expected an object of options, got null'],
  [{ expireFaktor: 3 }, 'did you mean expireFactor?'],
  [{ perContinuation: true }, 'unknown name "perContinuation"'],
])('%o is refused', (options, message) => {
  const call = () => trackRequests(options as never);
  expect(call).toThrow(TypeError);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }));
  expect(call).toThrow(message);
});

describe('run', () => {
  test('until it returns, throws, or its promise is settled', async () => {
    const tracker = track();
    const seen: number[] = [];
    const job = <R>(urgency: number, work: () => R): R =>
      tracker.run({ urgency }, () => {
        seen.push(thread.hints.urgency);
        return work();
      });
    expect(job(10, () => 'done')).toBe('done');
    expect(() =>
      job(20, () => {
        throw new Error('failed');
      }),
    ).toThrow('failed');
    expect(job(25, () => undefined)).toBeUndefined();
    expect(published()).toEqual(nothing);
    let settle!: () => void;
    const promise = job(30, () => new Promise<void>((resolve) => (settle = resolve)));
    const failing = job(40, () => Promise.reject(new Error('later')));
    expect(thread.hints.urgency).toBe(40);
    await expect(failing).rejects.toThrow('later');
    expect(thread.hints.urgency).toBe(30);
    settle();
    await promise;
    expect([seen, published()]).toEqual([[10, 20, 25, 30, 40], nothing]);
  });

  test('the function has its request, and may change or end it', () => {
    const tracker = track();
    const seen = tracker.run({ urgency: 5 }, (request) => {
      request.set({ urgency: 900 });
      const before = thread.hints.urgency;
      request.end();
      return [before, tracker.inFlight, request.route];
    });
    expect(seen).toEqual([900, 0, undefined]);
  });

  test.each([
    [{ urgency: 'urgent' }, () => {}, 'ERR_SCHEDHINT_FIELD_RANGE'],
    [{ urgencey: 5 }, () => {}, 'ERR_SCHEDHINT_OPTION'],
    [{}, undefined, 'ERR_SCHEDHINT_OPTION'],
  ])('%o, %o is refused before anything begins', (hints, fn, code) => {
    const tracker = track();
    const run = fn && vi.fn(fn);
    expect(() => tracker.run(hints as never, run as never)).toThrow(
      expect.objectContaining({ code }),
    );
    expect(tracker.inFlight).toBe(0);
    if (run) expect(run).not.toHaveBeenCalled();
  });
});

describe('signal', () => {
  test('an abort ends the request', () => {
    const tracker = track();
    const { signal, abort } = controller();
    tracker.begin({ urgency: 5 });
    const request = tracker.begin({ urgency: 900, signal });
    expect(published().urgency).toBe(900);
    abort();
    expect([tracker.inFlight, published().urgency]).toEqual([1, 5]);
    request.set({ urgency: 700 });
    expect(published().urgency).toBe(5);
  });

  test('one that is aborted already: the request has ended, and nothing is published', () => {
    const hints = counted();
    const tracker = trackRequests({ thread: { hints } });
    const request = tracker.begin({ urgency: 900, signal: AbortSignal.abort() });
    request.set({ urgency: 901 });
    expect([tracker.inFlight, hints.writes]).toEqual([0, 0]);
    expect(tracker.run({ signal: AbortSignal.abort() }, () => tracker.inFlight)).toBe(0);
  });

  test('an end, an expiry and stop() leave no listener', async () => {
    const tracker = track({ maxSeconds: 0.01 });
    const { signal } = controller();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const request = tracker.begin({ signal });
    expect(listeners()).toBe(1);
    request.end();
    expect(listeners()).toBe(0);
    tracker.begin({ signal });
    while (tracker.inFlight > 0) await turn();
    expect(listeners()).toBe(0);
    tracker.begin({ signal });
    tracker.stop();
    expect(listeners()).toBe(0);
  });

  test('set() follows another one instead, undefined leaves it', () => {
    const tracker = track();
    const [first, second] = [controller(), controller()];
    const request = tracker.begin({ signal: first.signal });
    request.set({ urgency: 900, signal: undefined });
    expect(getEventListeners(first.signal, 'abort')).toHaveLength(1);
    request.set({ signal: second.signal });
    first.abort();
    expect(tracker.inFlight).toBe(1);
    second.abort();
    expect(tracker.inFlight).toBe(0);
    tracker.begin({ urgency: 900 }).set({ signal: first.signal });
    expect([tracker.inFlight, published()]).toEqual([0, nothing]);
  });

  test('10,000 requests on one long-lived signal: no warning, and no listener is left', async () => {
    const tracker = track();
    const { signal, abort } = controller();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const most = new Set<number>();
    const warnings = await warningsOf(() => {
      const open: TrackedRequest[] = [];
      for (let i = 0; i < 10_000; i++) {
        open.push(tracker.begin({ urgency: 900, signal }));
        most.add(listeners());
        if (open.length === 100) for (const request of open.splice(0)) request.end();
      }
    });
    expect([warnings, [...most], listeners(), tracker.inFlight]).toEqual([[], [1], 0, 0]);
    const all = await warningsOf(() => {
      for (let i = 0; i < 10_000; i++) tracker.begin({ urgency: 900, signal });
    });
    expect([all, listeners(), tracker.inFlight]).toEqual([[], 1, 10_000]);
    abort();
    expect([listeners(), tracker.inFlight, published()]).toEqual([0, 0, nothing]);
  });

  test('one that throws begins nothing', () => {
    const tracker = track();
    const { signal } = controller();
    signal.addEventListener = () => {
      throw new Error('broken');
    };
    expect(() => tracker.begin({ urgency: 900, signal })).toThrow('broken');
    const request = tracker.begin({ urgency: 5 });
    expect(() => request.set({ urgency: 900, signal })).toThrow('broken');
    expect([tracker.inFlight, published().urgency]).toEqual([1, 5]);
    request.end();
    expect([tracker.inFlight, published()]).toEqual([0, nothing]);
  });

  test.each([[null], [{}], ['abort'], [new AbortController()], [new EventTarget()]])(
    '%o is refused',
    (signal) => {
      const tracker = track();
      const error = expect.objectContaining({ code: 'ERR_SCHEDHINT_FIELD_TYPE' });
      expect(() => tracker.begin({ urgency: 900, signal } as never)).toThrow(error);
      expect(() => tracker.begin().set({ urgency: 900, signal } as never)).toThrow(error);
      expect([tracker.inFlight, published()]).toEqual([1, nothing]);
    },
  );

  function controller() {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  }
});
