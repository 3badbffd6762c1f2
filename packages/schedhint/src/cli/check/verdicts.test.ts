import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProcessUse, StallUse, ThreadUse } from '../process/use.js';
import type { Measured } from './measured.js';
import { VERDICTS } from './verdict.js';
import { verdicts } from './verdicts.js';

const MB = 2 ** 20;
const SECONDS = 10;

const stalls = (part: Partial<StallUse> = {}): StallUse => ({
  threadId: 0,
  thresholdMs: 50,
  stalls: 0,
  longestStallMs: 0,
  loopBusyMs: 0,
  parts: { gc: 0, code: 0, noCpu: 0, throttled: 0, blocked: 0, paused: 0, unknown: 0 },
  collections: { minor: 0, major: 0, other: 0 },
  collectionMs: { minor: 0, major: 0, other: 0 },
  heapUsedBytes: 0,
  heapLimitBytes: 0,
  promotedBytes: 0,
  semiSpaceBytes: 0,
  ...part,
});

const thread = (part: Partial<ThreadUse> = {}): ThreadUse => ({
  tid: 7,
  name: 'node',
  role: 'main',
  cpuMs: 500,
  noCpuMs: 0,
  throttledMs: 0,
  voluntarySwitches: 0,
  involuntarySwitches: 0,
  majorFaults: 0,
  stalls: stalls(),
  ...part,
});

const measured = (
  threads: readonly ThreadUse[],
  use: Partial<ProcessUse> = {},
  part: Partial<Measured> = {},
): Measured => ({
  use: {
    ms: SECONDS * 1000,
    threads,
    quota: null,
    machine: { cpus: 2, busyMs: 500, idleMs: 19_500, stealMs: 0 },
    memory: { waitedMs: 0, waitedOf: 'machine', refaults: 0 },
    ...use,
  },
  allowedCpus: 2,
  pool: { threads: 0, allBusyShare: 0, onCpuShare: 0 },
  ...part,
});

const QUOTA = {
  directory: '/g',
  quotaCpus: 0.5,
  periods: 100,
  throttledPeriods: 60,
  throttledMs: 4000,
};
const BUSY = { cpus: 2, busyMs: 19_000, idleMs: 1000, stealMs: 0 };
const names = (of: Measured) => verdicts(of).map(({ verdict }) => verdict);
const next = (of: Measured) => verdicts(of)[0]!.next;

describe('the verdicts', () => {
  test('nothing wrong', () => {
    expect(names(measured([thread()]))).toEqual(['nothing wrong']);
    expect(names(measured([]))).toEqual(['nothing wrong']);
  });

  test('quota: with the CPUs that its threads asked for', () => {
    const main = thread({ cpuMs: 3000, throttledMs: 4000 });
    const of = measured([main, thread({ role: 'other', cpuMs: 2000 })], { quota: QUOTA });
    expect(names(of)).toEqual(['quota']);
    expect(next(of)).toMatch(/its threads asked for up to 0\.9 CPUs$/);
    expect(names(measured([main], { quota: { ...QUOTA, throttledPeriods: 0 } }))).toEqual([
      'nothing wrong',
    ]);
  });

  test('neighbours: others use the CPUs, and it waits', () => {
    const main = thread({ noCpuMs: 2000 });
    expect(names(measured([main], { machine: BUSY }))).toEqual(['neighbours']);
    expect(names(measured([main]))).toEqual(['nothing wrong']);
    expect(names(measured([main], { machine: null }))).toEqual(['nothing wrong']);
    expect(names(measured([thread()], { machine: BUSY }))).toEqual(['nothing wrong']);
  });

  test('gc: the young generation is too small', () => {
    const record = stalls({
      collections: { minor: 400, major: 2, other: 0 },
      collectionMs: { minor: 1500, major: 100, other: 0 },
      semiSpaceBytes: 16 * MB,
      promotedBytes: 200 * MB,
    });
    const of = measured([thread({ stalls: record })]);
    expect(names(of)).toEqual(['gc']);
    expect(next(of)).toBe('start it with node --max-semi-space-size=64, and compare');
    expect(verdicts(of)[0]!.evidence).toEqual([
      '40.0 minor collections a second took 1.5 s of 10.0 s of the main thread',
      'they moved 20 MB a second to the old generation',
      '2 major collections took 100 ms of 10.0 s',
    ]);
    const having = (semiSpaceBytes: number) =>
      next(measured([thread({ stalls: { ...record, semiSpaceBytes } })]));
    expect(having(0)).toMatch(/node --max-semi-space-size=64,/);
    expect(having(MB)).toMatch(/node --min-semi-space-size=16 --max-semi-space-size=32,/);
    expect(having(64 * MB)).toMatch(/node --max-semi-space-size=128,/);
    expect(having(128 * MB)).toMatch(/--heap-prof/);
  });

  test('gc: a pause that only waits for a CPU is not long', () => {
    const record = stalls({ collectionMs: { minor: 700, major: 0, other: 0 } });
    const of = measured([thread({ cpuMs: 1000, noCpuMs: 1000, stalls: record })]);
    expect(names(of)).not.toContain('gc');
  });

  test('gc: the heap is nearly full, or only busy', () => {
    const record = {
      collections: { minor: 0, major: 30, other: 0 },
      collectionMs: { minor: 0, major: 3000, other: 0 },
      heapLimitBytes: 148 * MB,
    };
    const of = (heapUsedBytes: number) =>
      measured([thread({ stalls: stalls({ ...record, heapUsedBytes }) })]);
    expect(next(of(90 * MB))).toMatch(/--max-old-space-size=200 if there is that much/);
    expect(next(of(40 * MB))).toMatch(/node --heap-prof/);
    expect(next(of(0))).toMatch(/node --heap-prof/);
  });

  test('threadpool: its threads wait, or compute with CPUs left, or without', () => {
    const of = (onCpuShare: number, allowedCpus: number) =>
      measured(
        [thread()],
        {},
        { allowedCpus, pool: { threads: 4, allBusyShare: 0.99, onCpuShare } },
      );
    expect(next(of(0.1, 2))).toBe('start it with UV_THREADPOOL_SIZE=16');
    expect(next(of(0.9, 16))).toBe('start it with UV_THREADPOOL_SIZE=16');
    expect(next(of(0.9, 2))).toMatch(/^more threads would not help/);
  });

  test('threads: helpers take the CPUs from JavaScript', () => {
    const helpers = [8, 9, 10].map((tid) =>
      thread({ tid, role: 'v8', cpuMs: 1500, noCpuMs: 500, stalls: null }),
    );
    const main = thread({ cpuMs: 4000, noCpuMs: 2000 });
    expect(names(measured([main, ...helpers], {}, { allowedCpus: 1 }))).toEqual(['threads']);
    expect(next(measured([main, ...helpers], {}, { allowedCpus: 1 }))).toMatch(/--v8-pool-size=1/);
    expect(names(measured([main, ...helpers], {}, { allowedCpus: 4 }))).toEqual(['nothing wrong']);
  });

  test('memory: pages that came back, or pressure of its cgroup', () => {
    const faulting = thread({ majorFaults: 900 });
    const memory = (
      refaults: number | null,
      waitedMs = 0,
      waitedOf: 'cgroup' | 'machine' = 'machine',
    ) => ({
      memory: { waitedMs, waitedOf, refaults },
    });
    expect(names(measured([faulting], memory(2000)))).toEqual(['memory']);
    expect(names(measured([faulting], memory(null)))).toEqual(['memory']);
    // It only reads them for the first time.
    expect(names(measured([faulting], memory(3)))).toEqual(['nothing wrong']);
    expect(names(measured([thread()], memory(0, 900, 'cgroup')))).toEqual(['memory']);
    // Another program's.
    expect(names(measured([thread()], memory(0, 900)))).toEqual(['nothing wrong']);
  });

  test('steal', () => {
    const machine = { cpus: 2, busyMs: 10_000, idleMs: 6000, stealMs: 4000 };
    const of = measured([thread()], { machine });
    expect(names(of)).toEqual(['steal']);
    expect(verdicts(of)[0]!.evidence).toEqual(['20 % of the time of 2 CPUs was stolen']);
  });

  test('own code: stalls that compute, stalls that block, or a busy thread', () => {
    const parts = stalls().parts;
    const computes = stalls({ stalls: 9, parts: { ...parts, code: 900 } });
    const blocks = stalls({ stalls: 9, parts: { ...parts, blocked: 900 } });
    expect(next(measured([thread({ stalls: computes })]))).toMatch(/--cpu-prof/);
    expect(next(measured([thread({ stalls: blocks })]))).toMatch(/--trace-sync-io/);
    // Something else is the larger part of them.
    const waits = stalls({ stalls: 9, parts: { ...parts, code: 900, throttled: 1000 } });
    expect(names(measured([thread({ stalls: waits })]))).toEqual(['nothing wrong']);
    expect(names(measured([thread({ cpuMs: 8000, stalls: null })]))).toEqual(['own code']);
    // It collected most of that time.
    const collects = stalls({ collectionMs: { minor: 4000, major: 0, other: 0 } });
    expect(names(measured([thread({ cpuMs: 8000, stalls: collects })]))).toEqual(['gc']);
  });
});

describe('whatever was measured', () => {
  const number = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true }));
  const count = fc.nat();
  const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
  const record = <Name extends string>(names: readonly Name[], of: fc.Arbitrary<number> = number) =>
    fc.record(Object.fromEntries(names.map((name) => [name, of]))) as fc.Arbitrary<
      Record<Name, number>
    >;
  const anyStalls = fc.record({
    ...Object.fromEntries(Object.keys(stalls()).map((name) => [name, number])),
    parts: record(['gc', 'code', 'noCpu', 'throttled', 'blocked', 'paused', 'unknown']),
    threadId: count,
    heapUsedBytes: count,
    heapLimitBytes: count,
    promotedBytes: count,
    semiSpaceBytes: count,
    thresholdMs: count,
    stalls: count,
    collections: record(['minor', 'major', 'other'], count),
    collectionMs: record(['minor', 'major', 'other']),
  }) as fc.Arbitrary<StallUse>;
  const anyThread = fc.record({
    tid: fc.nat(),
    name: fc.string(),
    role: fc.constantFrom('main', 'worker', 'v8', 'libuv', 'node', 'other'),
    cpuMs: number,
    noCpuMs: maybe(number),
    throttledMs: maybe(number),
    voluntarySwitches: number,
    involuntarySwitches: number,
    majorFaults: count,
    stalls: maybe(anyStalls),
  }) as fc.Arbitrary<ThreadUse>;
  const anything: fc.Arbitrary<Measured> = fc.record({
    use: fc.record({
      ms: fc.double({ min: 1, max: 1e7, noNaN: true }),
      threads: fc.array(anyThread, { maxLength: 8 }),
      quota: maybe(
        fc.record({
          directory: fc.string(),
          quotaCpus: fc.double({ min: 0.01, max: 512, noNaN: true }),
          periods: count,
          throttledPeriods: count,
          throttledMs: number,
        }),
      ),
      machine: maybe(
        fc.record({
          cpus: fc.integer({ min: 1, max: 512 }),
          busyMs: number,
          idleMs: number,
          stealMs: number,
        }),
      ),
      memory: fc.record({
        waitedMs: maybe(number),
        waitedOf: fc.constantFrom('cgroup' as const, 'machine' as const),
        refaults: maybe(count),
      }),
    }),
    allowedCpus: fc.integer({ min: 1, max: 512 }),
    pool: fc.record({
      threads: fc.nat({ max: 128 }),
      allBusyShare: fc.double({ min: 0, max: 1, noNaN: true }),
      onCpuShare: fc.double({ min: 0, max: 2, noNaN: true }),
    }),
  });

  test('there is at least one verdict, each at most once, the dearest first, with evidence and what to do', () => {
    fc.assert(
      fc.property(anything, (one) => {
        const found = verdicts(one);
        expect(found.length).toBeGreaterThan(0);
        expect(new Set(names(one)).size).toBe(found.length);
        const shares = found.map(({ share }) => share);
        expect([...shares].sort((a, b) => b - a)).toEqual(shares);
        for (const { verdict, says, evidence, next: todo } of found) {
          expect(VERDICTS).toContain(verdict);
          const said = [says, todo, ...evidence].join(' ');
          expect(said).not.toMatch(/NaN|Infinity|undefined|null|-\d/);
          expect(evidence.length).toBeGreaterThan(0);
        }
        if (found.length > 1) expect(names(one)).not.toContain('nothing wrong');
      }),
      { numRuns: 1000 },
    );
  });

  test('what is not known is not judged', () => {
    fc.assert(
      fc.property(anything, (one) => {
        const threads = one.use.threads.map((each) => ({
          ...each,
          noCpuMs: null,
          throttledMs: null,
          stalls: null,
        }));
        const use = { ...one.use, threads, machine: null };
        const found = names({ ...one, use });
        for (const name of ['quota', 'neighbours', 'gc', 'threads', 'steal']) {
          expect(found).not.toContain(name);
        }
      }),
    );
  });
});
