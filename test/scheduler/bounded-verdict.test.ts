import { expect, test } from 'vitest';
import { judgeBounded } from './bounded-verdict.mjs';

const CPUS = 2;
const groups = [
  { name: 'liars', count: 1 },
  { name: 'hogs', count: 4 },
  { name: 'sleepers', kind: 'sleeper', count: 8 },
];
const scenarios = ['lies', 'nothing'].map((says) => ({ name: `pause: ${says}`, groups }));

function outcome(liarCpus: number, lateMs: number, wakeups = 1000) {
  const group = {
    count: 1,
    iterations: 0,
    wakeups: 0,
    longestNs: 0,
    tasks: [],
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
      { ...group, name: 'liars', cpuNs: liarCpus * 1e9, lateUs: [] },
      { ...group, name: 'hogs', cpuNs: 1.5e9, lateUs: [] },
      {
        ...group,
        name: 'sleepers',
        cpuNs: 0.1e9,
        lateUs: Array.from({ length: wakeups }, () => lateMs * 1000),
      },
    ],
  };
}

function failuresOf(lies: ReturnType<typeof outcome>, nothing = outcome(0.38, 2)) {
  const boots = [{ runs: { all: { 'pause: lies': lies, 'pause: nothing': nothing } } }];
  return judgeBounded(CPUS, scenarios, boots)
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what);
}

test('5 % and half a point of the machine more than its share passes, more does not', () => {
  expect(failuresOf(outcome(0.38 * 1.05 + 0.009, 2))).toEqual([]);
  expect(failuresOf(outcome(0.38 * 1.05 + 0.011, 2))).toEqual(['pause: CPUs']);
});

test('one that lies is not punished', () => {
  expect(failuresOf(outcome(0.31, 2))).toEqual([]);
  expect(failuresOf(outcome(0.28, 2))).toEqual([
    'pause: CPUs, for a debt is repaid and not punished',
  ]);
});

test('one that had less than its share without hints may have its share', () => {
  expect(failuresOf(outcome(0.38, 2), outcome(0.2, 2))).toEqual([]);
});

test('others wake up a slice and a tick later at most, and as often', () => {
  expect(failuresOf(outcome(0.38, 26))).toEqual([]);
  expect(failuresOf(outcome(0.38, 26.1))).toEqual(["pause: p99 of others' wakeups"]);
  expect(failuresOf(outcome(0.38, 2, 700))).toEqual(['pause: wakeups of others']);
});
