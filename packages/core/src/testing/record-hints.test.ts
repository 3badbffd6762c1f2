import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { BlockHints, setChecked } from '../block/block-hints.js';
import { deadlineIn } from '../block/clock.js';
import type { PhaseName } from '../block/standard-values.js';
import { layered } from '../channel/layered.js';
import { LayeredHints } from '../channel/layered-hints.js';
import { tld } from '../channel/tld.js';
import { TldHints } from '../channel/tld-hints.js';
import { attachThread } from '../thread/joint-attach.js';
import { hintsOf } from '../thread/worker-thread.js';
import { type HintsRecord, recordHints } from './record-hints.js';

const map = '/nonexistent/schedhint';
const thread = attachThread({ map });
const { hints } = thread;
const root = fileURLToPath(new URL('../../../..', import.meta.url));
const turn = () => new Promise((resolve) => setImmediate(resolve));

const records: HintsRecord[] = [];
function record(of: Parameters<typeof recordHints>[0] = thread): HintsRecord {
  const one = recordHints(of);
  records.push(one);
  return one;
}
afterEach(() => {
  for (const one of records.splice(0)) one.stop();
  hints.reset();
});

const urgencies = ({ entries }: HintsRecord) => entries.map((entry) => entry.hints.urgency);

test('an entry for each assignment and each group, oldest first, with the time', () => {
  const before = performance.now();
  const writes = record();
  hints.urgency = 'high';
  hints.set({ urgency: 'low', batch: true, phase: 'serving', sliceUs: 3, user: 4n });
  hints.reset();
  const { entries } = writes;
  const none = { urgency: 0, batch: false, sliceUs: 0, deadlineNs: 0n, deadlineMs: null, user: 0n };
  expect(entries.map((entry) => entry.hints)).toEqual([
    { ...none, urgency: 768, phase: 'none' },
    { ...none, urgency: 256, batch: true, phase: 'serving', sliceUs: 3, user: 4n },
    { ...none, phase: 'none' },
  ]);
  const times = [before, ...entries.map(({ atMs }) => atMs), performance.now()];
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(Object.isFrozen(entries[0]) && Object.isFrozen(entries[0]!.hints)).toBe(true);
});

test.each(['urgency', 'batch', 'sliceUs', 'deadlineMs', 'deadlineNs', 'user', 'phase'] as const)(
  '%s: one entry for an assignment, also of the value that it has',
  (name) => {
    const writes = record();
    const values = { urgency: 5, batch: true, sliceUs: 5, deadlineMs: 5, deadlineNs: 5n, user: 5n };
    for (let times = 1; times <= 2; times++) {
      Object.assign(hints, { [name]: { ...values, phase: 'serving' }[name] });
      expect(writes.entries).toHaveLength(times);
    }
    if (name !== 'deadlineMs') expect(writes.last[name]).toBe(hints[name]);
  },
);

test('what is refused, and a group of nothing, is no entry', () => {
  const writes = record();
  expect(() => {
    hints.urgency = 2000;
  }).toThrow(RangeError);
  expect(() => hints.set({ urgency: 'high', sliceUs: -1 })).toThrow(RangeError);
  hints.set({});
  hints.set({ urgency: undefined });
  expect(writes.entries).toEqual([]);
  hints.urgency = 1;
  expect(urgencies(writes)).toEqual([1]);
});

test('saw: some entry has all of the values', () => {
  const writes = record();
  expect(writes.saw({})).toBe(false);
  hints.set({ urgency: 'high', phase: 'serving' });
  hints.set({ urgency: 'low', batch: true });
  expect(writes.saw({ urgency: 'high' })).toBe(true);
  expect(writes.saw({ urgency: 768, phase: 'serving', batch: false, user: 0 })).toBe(true);
  expect(writes.saw({ urgency: 'high', batch: true })).toBe(false);
  expect(writes.saw({ urgency: 'critical' })).toBe(false);
  expect(writes.saw({ urgency: null })).toBe(false);
  hints.reset();
  expect(writes.saw({ urgency: null, phase: null, deadlineMs: null, sliceUs: undefined })).toBe(
    true,
  );
});

test('saw: deadlines, to the nanosecond or not later than so many milliseconds', () => {
  const writes = record();
  const due = deadlineIn(50);
  hints.deadlineNs = due;
  expect(writes.saw({ deadlineNs: due })).toBe(true);
  expect(writes.saw({ deadlineNs: due + 1n })).toBe(false);
  expect(writes.saw({ deadlineMs: 50 })).toBe(true);
  expect(writes.saw({ deadlineMs: null })).toBe(false);
  hints.deadlineMs = null;
  writes.clear();
  hints.deadlineMs = 60_000;
  expect(writes.saw({ deadlineMs: 60_000 })).toBe(true);
  expect(writes.saw({ deadlineMs: 50 })).toBe(false);
  expect(writes.entries[0]!.hints.deadlineMs).toBeGreaterThan(50);
});

test.each([
  [{ urgencey: 'high' }, 'ERR_SCHEDHINT_OPTION', 'did you mean urgency?'],
  [{ deadlineAt: new Date() }, 'ERR_SCHEDHINT_OPTION', 'unknown name "deadlineAt"'],
  [{ urgency: 'urgent' }, 'ERR_SCHEDHINT_FIELD_RANGE', 'urgency'],
  [{ deadlineMs: 'soon' }, 'ERR_SCHEDHINT_FIELD_TYPE', 'deadlineMs'],
  [{ deadlineMs: 1, deadlineNs: 1n }, 'ERR_SCHEDHINT_OPTION', 'expected one of'],
  [undefined, 'ERR_SCHEDHINT_FIELD_TYPE', 'undefined'],
])('saw refuses %o', (values, code, message) => {
  const writes = record();
  expect(() => writes.saw(values as never)).toThrow(expect.objectContaining({ code }));
  expect(() => writes.saw(values as never)).toThrow(message);
});

test('clear forgets; after stop nothing is added, and last stays', () => {
  const writes = record();
  hints.urgency = 1;
  const { entries } = writes;
  writes.clear();
  expect([writes.entries, entries.length]).toEqual([[], 1]);
  hints.urgency = 2;
  expect(writes.last.urgency).toBe(2);
  writes.stop();
  writes.stop();
  hints.urgency = 3;
  expect([urgencies(writes), writes.last.urgency]).toEqual([[2], 2]);
});

test('two records, stopped one after the other', () => {
  const one = record();
  const other = record();
  hints.urgency = 1;
  one[Symbol.dispose]();
  hints.urgency = 2;
  expect([urgencies(one), urgencies(other)]).toEqual([[1], [1, 2]]);
});

test('of this thread and map alone, by whichever handle', () => {
  const writes = record();
  const same = attachThread({ map, scoped: true });
  const other = attachThread({ map: `${map}-2` });
  same.hints.urgency = 1;
  other.hints.urgency = 2;
  same.stop();
  same.hints.urgency = 3; // private from now on
  hints.urgency = 4;
  expect(urgencies(writes)).toEqual([1, 4]);
});

test('a handle that has ended publishes nothing', () => {
  const scoped = attachThread({ map, scoped: true });
  scoped.stop();
  const writes = record(scoped);
  scoped.hints.urgency = 1;
  expect(writes.entries).toEqual([]);
});

test('without a thread it is the calling one, on the default map', () => {
  const writes = recordHints();
  records.push(writes);
  const own = attachThread();
  own.hints.urgency = 'critical';
  own.hints.reset();
  expect(urgencies(writes)).toEqual([1024, 0]);
});

test('layered(), tld() and several channels', () => {
  const channel = layered({ map });
  const viaLayered = attachThread({ channel });
  const viaTld = attachThread({ channel: tld({ map: `${map}-tld` }) });
  for (const one of [viaLayered, viaTld]) {
    const writes = record(one as typeof thread);
    one.hints!.urgency = 1;
    one.hints!.set({ urgency: 2, user: 3n });
    one.hints!.deadlineMs = 5;
    one.hints!.reset();
    expect(urgencies(writes)).toEqual([1, 2, 2, 0]);
    expect(writes.saw({ user: 3, deadlineMs: 5 })).toBe(true);
  }
  const joint = attachThread({ channels: [channel] });
  const writes = [record(joint), record(joint.hints), record(viaLayered)];
  joint.hints.set({ urgency: 'low' });
  joint.hints.reset();
  expect(writes.map(urgencies)).toEqual([
    [256, 0],
    [256, 0],
    [256, 0],
  ]);
});

test("a worker's hints, written here", async () => {
  const worker = new Worker('process.stdin.resume()', { eval: true, stdin: true });
  const ofWorker = hintsOf(worker, { map });
  const writes = record(ofWorker);
  const own = record();
  ofWorker.urgency = 'critical';
  hints.urgency = 1;
  expect([urgencies(writes), urgencies(own)]).toEqual([[1024], [1]]);
  const exited = once(worker, 'exit');
  await worker.terminate();
  await exited;
  ofWorker.urgency = 5;
  expect(urgencies(writes)).toEqual([1024]);
});

test('a group that waits for the other writer is recorded when it is written', async () => {
  const writes = record();
  thread.blocks.thread.seq |= 1;
  hints.set({ urgency: 7, phase: 'serving' });
  hints.set({ user: 8n });
  await turn();
  await turn();
  expect(writes.entries).toEqual([]);
  hints.sliceUs = 9;
  expect(writes.entries).toHaveLength(1);
  thread.blocks.thread.seq += 1;
  await vi.waitFor(() => expect(writes.entries).toHaveLength(2));
  expect(writes.last).toMatchObject({ urgency: 7, user: 8n, sliceUs: 9, phase: 'serving' });
  // Written with the next group: one entry.
  thread.blocks.thread.seq |= 1;
  hints.set({ urgency: 1 });
  thread.blocks.thread.seq += 1;
  hints.set({ user: 1n });
  await turn();
  await turn();
  expect(urgencies(writes)).toEqual([0, 7, 1]);
});

test('the clock is the real one under fake timers', () => {
  vi.useFakeTimers();
  try {
    const writes = record();
    const before = writes.entries.length;
    hints.urgency = 1;
    for (let i = 0; i < 1e5; i++) hints.urgency = 2;
    const times = writes.entries.slice(before).map(({ atMs }) => atMs);
    expect(times.at(-1)).toBeGreaterThan(times[0]!);
  } finally {
    vi.useRealTimers();
  }
});

test('while nothing is recorded the classes are as they were', () => {
  const classes = [BlockHints, LayeredHints, TldHints];
  const members = () => classes.map(({ prototype }) => Object.getOwnPropertyDescriptors(prototype));
  const before = members();
  const writes = recordHints(thread);
  expect(members()).not.toEqual(before);
  writes.stop();
  expect(members()).toEqual(before);
});

test.each([null, {}, 5, { hints: {} }])('%o is refused', (of) => {
  expect(() => recordHints(of as never)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDHINT_OPTION' }),
  );
});

test.each([
  ['SCHEDHINT=off', { SCHEDHINT: 'off' }],
  ['no addon', { SCHEDHINT_ADDON: '/nonexistent/schedhint.node', SCHEDHINT_QUIET: '1' }],
])('with %s', (_, env) => {
  const program = `
    const { attachThread } = require('@schedhint/core');
    const { recordHints } = require('@schedhint/core/testing');
    const record = recordHints();
    attachThread().hints.set({ urgency: 'high', deadlineMs: 50 });
    console.log(record.saw({ urgency: 'high', deadlineMs: 50 }), record.entries.length, attachThread().status.state);`;
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } } as const;
  expect(execFileSync(process.execPath, ['-e', program], options)).toBe('true 1 unavailable\n');
});

test('types', () => {
  const writes: { readonly entries: readonly { readonly atMs: number }[] } = record();
  expect(writes.entries).toEqual([]);
  const check = (seen: HintsRecord) => {
    const phase: PhaseName = seen.last.phase;
    const left: number | null = seen.last.deadlineMs;
    const due: bigint = seen.entries[0]!.hints.deadlineNs;
    seen.saw({ urgency: 'high', deadlineMs: 5, batch: true, phase: null });
    // @ts-expect-error no such level
    seen.saw({ urgency: 'urgent' });
    // @ts-expect-error a wall clock's time
    seen.saw({ deadlineAt: new Date() });
    // @ts-expect-error what was recorded stays as it is
    seen.last.urgency = 1;
    // @ts-expect-error neither a thread nor hints
    recordHints({ urgency: 1 });
    return [phase, left, due];
  };
  expect(check).toBeTypeOf('function');
});

test('a group that the caller has checked is one write, as requests make it', () => {
  const seen = record();
  setChecked(hints, 700, 2 ** 51 + 1);
  const written = { urgency: 700, deadlineNs: 2n ** 51n + 1n };
  expect(
    seen.entries.map(({ hints: { urgency, deadlineNs } }) => ({ urgency, deadlineNs })),
  ).toEqual([written]);
  hints.reset();
});
