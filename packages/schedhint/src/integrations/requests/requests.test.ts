import { setImmediate as turn } from 'node:timers/promises';
import {
  attachThread,
  deadlineIn,
  type Hints,
  type ScopedThread,
  urgencyOf,
} from '@schedhint/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Request, Requests } from './request.js';
import { type RequestsOptions, trackRequests } from './requests.js';

const map = '/nonexistent/schedhint';
let thread: ScopedThread;
const running: Requests[] = [];

function track(options?: RequestsOptions): Requests {
  const requests = trackRequests(thread.hints, options);
  running.push(requests);
  return requests;
}

beforeEach(() => {
  thread = attachThread({ map, scoped: true });
});
afterEach(() => {
  for (const requests of running.splice(0)) requests.stop();
  thread.stop();
});

const told = () => ({ urgency: thread.hints.urgency, deadlineNs: thread.hints.deadlineNs });
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
    set(group: { urgency?: number; deadlineNs?: bigint }) {
      Object.assign(hints, group);
      hints.writes++;
    },
  } as Hints & { writes: number };
}

/** One without an opinion is as urgent as a normal one. */
function highestOf(urgencies: number[]): number {
  const highest = Math.max(0, ...urgencies);
  return highest < 512 && urgencies.includes(0) ? 0 : highest;
}

test('a request of low urgency does not make the thread less urgent than one without an opinion needs', () => {
  const requests = track();
  const low = requests.begin({ urgency: 100 });
  expect(told().urgency).toBe(100);
  const normal = requests.begin();
  expect(told().urgency).toBe(0);
  const high = requests.begin({ urgency: 700 });
  expect(told().urgency).toBe(700);
  high.end();
  expect(told().urgency).toBe(0);
  normal.end();
  expect(told().urgency).toBe(100);
  low.end();
  expect(told().urgency).toBe(0);
});

test('the earliest deadline and the highest urgency of those in flight', () => {
  const requests = track();
  const [soon, later] = [deadlineIn(10), deadlineIn(500)];
  const urgent = requests.begin({ urgency: 900, deadlineNs: later });
  const due = requests.begin({ urgency: 100, deadlineNs: soon });
  requests.begin();
  expect(told()).toEqual({ urgency: 900, deadlineNs: soon });
  expect(requests.inFlight).toBe(3);
  due.end();
  expect(told()).toEqual({ urgency: 900, deadlineNs: later });
  urgent.end();
  expect(told()).toEqual(nothing);
  expect(requests.inFlight).toBe(1);
});

test('what changes, and a second end', () => {
  const requests = track();
  const other = requests.begin({ urgency: 5 });
  const request = requests.begin({ urgency: 700, deadlineNs: 40 });
  request.set({ urgency: 3 });
  expect(told()).toEqual({ urgency: 5, deadlineNs: 40n });
  request.set({ deadlineNs: 0 });
  expect(told()).toEqual({ urgency: 5, deadlineNs: 0n });
  other.end();
  other.end();
  other.set({ urgency: 1024 });
  expect(told()).toEqual({ urgency: 3, deadlineNs: 0n });
  request[Symbol.dispose]();
  expect(told()).toEqual(nothing);
});

test('undefined leaves a hint as it is', () => {
  const requests = track();
  const request = requests.begin({ urgency: 700, deadlineNs: undefined });
  request.set({ urgency: undefined, deadlineNs: 40 });
  expect(told()).toEqual({ urgency: 700, deadlineNs: 40n });
  request.set({ urgency: undefined, deadlineNs: undefined });
  expect(told()).toEqual({ urgency: 700, deadlineNs: 40n });
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
      const requests = trackRequests(hints);
      const model: { urgency: number; deadlineNs: bigint; request: Request }[] = [];
      for (const step of steps) {
        const before = { urgency: hints.urgency, deadlineNs: hints.deadlineNs };
        const writes = hints.writes;
        const which = 'which' in step ? step.which % Math.max(model.length, 1) : 0;
        if (step.kind === 'begin') {
          model.push({ ...step.hint, request: requests.begin(step.hint) });
        } else if (model.length > 0 && step.kind === 'set') {
          Object.assign(model[which]!, step.hint).request.set(step.hint);
        } else if (model.length > 0) {
          model.splice(which, 1)[0]!.request.end();
        }
        const due = model.map(({ deadlineNs }) => deadlineNs).filter((deadline) => deadline > 0n);
        const now = { urgency: hints.urgency, deadlineNs: hints.deadlineNs };
        expect(now).toEqual({
          urgency: highestOf(model.map(({ urgency }) => urgency)),
          deadlineNs: due.sort((a, b) => Number(a > b) - Number(a < b))[0] ?? 0n,
        });
        const changed = now.urgency !== before.urgency || now.deadlineNs !== before.deadlineNs;
        expect(hints.writes - writes).toBe(changed ? 1 : 0);
        expect(requests.inFlight).toBe(model.length);
      }
      requests.stop();
      expect([hints.urgency, hints.deadlineNs, requests.inFlight]).toEqual([0, 0n, 0]);
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
  const requests = track();
  expect(() => requests.begin(hint as never)).toThrow(expect.objectContaining({ code }));
  const request = requests.begin({ urgency: 7, deadlineNs: 8 });
  expect(() => request.set(hint as never)).toThrow(expect.objectContaining({ code }));
  expect(told()).toEqual({ urgency: 7, deadlineNs: 8n });
  request.end();
  expect([requests.inFlight, told()]).toEqual([0, nothing]);
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

test('a channel that refuses the hints: a warning, once, and nobody who ends a request sees it', async () => {
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
  const requests = trackRequests(hints);
  const warnings = await warningsOf(() => {
    const hidden = requests.begin({ urgency: 305, deadlineNs: 6 });
    expect([requests.inFlight, hints.urgency, hints.deadlineNs]).toEqual([1, 0, 0n]);
    const urgent = requests.begin({ urgency: 900 });
    expect([hints.urgency, hints.deadlineNs]).toEqual([900, 6n]);
    // What it hid is refused: the thread must not stay urgent for that.
    urgent.end();
    expect([requests.inFlight, hints.urgency]).toEqual([1, 0]);
    hidden.set({ urgency: 7 });
    expect([hints.urgency, hints.deadlineNs]).toEqual([7, 6n]);
    hidden.end();
  });
  expect([requests.inFlight, hints.urgency, hints.deadlineNs]).toEqual([0, 0, 0n]);
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
  const requests = trackRequests(hints);
  const warnings = await warningsOf(() => {
    requests.begin({ urgency: 5, deadlineNs: 6 });
    hints.set = write;
    requests.begin({ urgency: 900 });
  });
  expect([hints.urgency, hints.deadlineNs, warnings.length]).toEqual([900, 6n, 1]);
});

test('stop ends all; what begins later is not tracked', () => {
  const requests = track();
  const request = requests.begin({ urgency: 900 });
  requests.stop();
  expect([requests.inFlight, told()]).toEqual([0, nothing]);
  requests.begin({ urgency: 900 });
  request.set({ urgency: 5 });
  request.end();
  expect([requests.inFlight, told()]).toEqual([0, nothing]);
});

test.each([[undefined], [null], [{}]])('%o has no hints', (hints) => {
  expect(() => trackRequests(hints as never)).toThrow(
    expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
  );
});

describe('wrap', () => {
  test('until it returns, throws, or its promise is settled', async () => {
    const requests = track();
    const seen: number[] = [];
    const job = requests.wrap(
      (urgency: number, _: () => unknown) => ({ urgency }),
      (_, work) => {
        seen.push(thread.hints.urgency);
        return work();
      },
    );
    expect(job(10, () => 'done')).toBe('done');
    expect(() =>
      job(20, () => {
        throw new Error('failed');
      }),
    ).toThrow('failed');
    expect(job(25, () => undefined)).toBeUndefined();
    expect(told()).toEqual(nothing);
    let settle!: () => void;
    const promise = job(30, () => new Promise<void>((resolve) => (settle = resolve)));
    const failing = job(40, () => Promise.reject(new Error('later')));
    expect(thread.hints.urgency).toBe(40);
    await expect(failing).rejects.toThrow('later');
    expect(thread.hints.urgency).toBe(30);
    settle();
    await promise;
    expect([seen, told()]).toEqual([[10, 20, 25, 30, 40], nothing]);
  });

  test('null: not tracked; `this` is kept', () => {
    const requests = track();
    const that = {
      run: requests.wrap(
        () => null,
        function (this: unknown) {
          return [this, requests.inFlight];
        },
      ),
    };
    expect(that.run()).toEqual([that, 0]);
  });

  test('an invalid hint is a warning, once, and never an error of the request', async () => {
    const requests = track();
    const job = requests.wrap(
      (header: string) => ({ urgency: Number(header) }),
      () => requests.inFlight,
    );
    const warnings = await warningsOf(() => {
      expect([job('99'), job('high'), job('higher')]).toEqual([1, 1, 1]);
      expect([told(), requests.inFlight]).toEqual([nothing, 0]);
    });
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'SCHEDHINT_REQUEST',
        message: expect.stringMatching(/urgency: expected .*0\.\.1024, got NaN/),
      }),
    ]);
  });

  test('an async describe is a warning, once; its rejection does not end the process', async () => {
    const requests = track();
    const job = requests.wrap(
      (async () => {
        throw new Error('later');
      }) as never,
      () => thread.hints.urgency,
    );
    const warnings = await warningsOf(() => expect([job(), job()]).toEqual([0, 0]));
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'SCHEDHINT_REQUEST',
        message: expect.stringContaining('describe returned a promise'),
      }),
    ]);
  });

  test('a handler that answers through a callback is a warning, once', async () => {
    const requests = track();
    function sayHello(_: object, callback: (error: null, answer: string) => void): void {
      setImmediate(callback, null, 'hello');
    }
    const wrapped = requests.wrap(
      (..._: Parameters<typeof sayHello>) => ({ urgency: 900 }),
      sayHello,
    );
    const warnings = await warningsOf(async () => {
      await new Promise<void>((resolve) => wrapped({}, () => resolve()));
      await new Promise<void>((resolve) => wrapped({}, () => resolve()));
    });
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'SCHEDHINT_REQUEST_CALLBACK',
        message: expect.stringMatching(/^sayHello of wrap\(\).*use begin\(\) and end\(\)/),
      }),
    ]);
    expect([told(), requests.inFlight]).toEqual([nothing, 0]);
  });

  test('describe that is not a function is refused before the first call', () => {
    expect(() => track().wrap(undefined as never, () => 5)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEDHINT_OPTION' }),
    );
  });
});

describe('perContinuation', () => {
  test("a continuation has its request's hints, the time between has those of all", async () => {
    const requests = track({ perContinuation: true });
    const seen: [string, number][] = [];
    const look = (what: string) => seen.push([what, thread.hints.urgency]);
    const job = requests.wrap(
      (name: string, urgency: number) => ({ urgency, deadlineNs: name === 'low' ? 0 : 5 }),
      async (name: string) => {
        look(`${name} starts`);
        await turn();
        look(`${name} goes on`);
        await null;
        look(`${name} ends`);
        expect(thread.hints.deadlineNs).toBe(name === 'low' ? 0n : 5n);
      },
    );
    const both = [job('low', 10), job('high', 900)];
    look('between');
    await Promise.all(both);
    expect(seen.slice(0, 3)).toEqual([
      ['low starts', 10],
      ['high starts', 900],
      ['between', 900],
    ]);
    const of = (name: string) => seen.filter(([what]) => what.startsWith(name)).map(([, u]) => u);
    expect([of('low'), of('high')]).toEqual([
      [10, 10, 10],
      [900, 900, 900],
    ]);
    expect(told()).toEqual(nothing);
  });

  test('begin: the context goes on with it, and what has ended counts no more', async () => {
    const requests = track({ perContinuation: true });
    const other = requests.begin({ urgency: 900 });
    const seen: number[] = [];
    const work = (async () => {
      await turn();
      const request = requests.begin({ urgency: 10 });
      seen.push(thread.hints.urgency);
      await turn();
      seen.push(thread.hints.urgency);
      request.end();
      seen.push(thread.hints.urgency);
      await turn();
      seen.push(thread.hints.urgency);
    })();
    await work;
    expect(seen).toEqual([10, 10, 900, 900]);
    other.end();
    expect(told()).toEqual(nothing);
  });
});
