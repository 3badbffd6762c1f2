import { expect, test } from 'vitest';
import { judgeFair } from './fair-verdict.mjs';
import { atLeast, atMost, lateness, latestMs, within } from './judge.mjs';

const CPUS = 2;
const groups = [
  { name: 'hogs', count: 4 },
  { name: 'sleepers', kind: 'sleeper' as const, count: 8 },
];
const scenario = { name: 'hogs', ms: 1000, warmMs: 0, groups };

/** One second: hogs that had `hogCpus` together, and wakeups that were this late. */
function outcome({
  lateMs = 1,
  wakeups = 4000,
  hogCpus = 1.9,
  iterations = 1000,
  longestMs = 50,
} = {}) {
  const group = {
    count: 1,
    wakeups: 0,
    longestNs: longestMs * 1e6,
    tasks: [],
    lateUs: [] as number[],
    throttledNs: 0,
    grantedNs: 0,
    refused: 0,
  };
  return {
    ns: 1e9,
    exitNs: 0,
    kernelThreads: { cpuNs: 0, waitNs: 0, turns: 0 },
    cpuStats: {},
    groups: [
      { ...group, name: 'hogs', cpuNs: hogCpus * 1e9, iterations },
      {
        ...group,
        name: 'sleepers',
        cpuNs: 0.1e9,
        iterations: 0,
        lateUs: Array.from({ length: wakeups }, () => lateMs * 1000),
      },
    ],
  };
}

function failuresOf(ours: object, kernel = {}) {
  const boot = { runs: { kernel: { hogs: outcome(kernel) }, none: { hogs: outcome(ours) } } };
  const { checks } = judgeFair(CPUS, [scenario], [boot, boot, boot]);
  return checks.filter(({ ok }) => !ok).map(({ what }) => what);
}

test('as good as the default: nothing fails', () => {
  expect(failuresOf({})).toEqual([]);
});

test('a tick later passes, more does not; half more passes where the default is slow', () => {
  expect(failuresOf({ lateMs: 5 })).toEqual([]);
  expect(failuresOf({ lateMs: 5.1 })).toEqual(['none, hogs: p99 of sleepers']);
  expect(failuresOf({ lateMs: 15 }, { lateMs: 10 })).toEqual([]);
  expect(failuresOf({ lateMs: 15.1 }, { lateMs: 10 })).toEqual(['none, hogs: p99 of sleepers']);
});

test('who wakes up seldom, works less, or has another share than its ideal fails', () => {
  expect(failuresOf({ wakeups: 500 })).toEqual(['none, hogs: wakeups of sleepers']);
  expect(failuresOf({ iterations: 890 })).toEqual(["none, hogs: work done, of the default's"]);
  expect(failuresOf({ hogCpus: 1.6 })).toEqual(['none, hogs: share of hogs, off its ideal']);
});

test('a scheduler under which no task woke up fails', () => {
  expect(failuresOf({ wakeups: 0 })).toEqual([
    'none, hogs: p99 of sleepers',
    'none, hogs: wakeups of sleepers',
  ]);
});

test('limits and lateness', () => {
  expect(latestMs(1)).toBe(5);
  expect(latestMs(20)).toBe(30);
  expect(lateness([1000, 2000, 3000])).toEqual({
    count: 3,
    p50: 2,
    p99: expect.closeTo(2.98, 6),
    max: 3,
  });
  expect(lateness([]).p99).toBeNaN();
  // Two of 100 rounds were late. Each waited for four tasks: of 400 wakeups two may have been late, which p99 does not see.
  const rounds = Array.from({ length: 100 }, (_, i) => (i < 98 ? 1000 : 90_000));
  expect(lateness(rounds).p99).toBeGreaterThan(80);
  expect(lateness(rounds, 4).p99).toBe(1);
});

test('what was not measured fails each check', () => {
  for (const check of [
    atMost('a', Number.NaN, 1),
    atLeast('a', Number.NaN, 1),
    within('a', Number.NaN, 1, 0.1),
  ]) {
    expect(check.ok).toBe(false);
  }
  expect(within('a', 1.1, 1, 0.1).ok).toBe(false); // 1.1 is a little more, in binary
  expect(within('a', 1.09, 1, 0.1).ok).toBe(true);
  expect(within('a', 0.89, 1, 0.1).ok).toBe(false);
});
