// docs/experiment.md and its chart are what the kept figures say, and results of other inputs are not mixed with these.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chart } from './chart.mjs';
import { readKept } from './kept.mjs';
import { readOptions } from './options.mjs';
import { atLeast, exactly, medianOf } from './order-statistics.mjs';
import { chartOf, FILES, pageOf, readmeOf } from './page.mjs';
import { QUICK, runsOf, WHOLE } from './plan.mjs';
import { hasPair, readPairs, writePair } from './results.mjs';
import { versions } from './runs.mjs';
import { paceOfVm, SCENARIOS, scaledTo, shareOfBackground, TIMES, timesFor } from './scenarios.mjs';

const repository = (name: string) =>
  readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedhint-experiment-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('the page is what `npm run experiment -- --page` writes', () => {
  const page = repository(FILES.page);
  expect(pageOf(readKept()!, page)).toBe(page);
  expect(() => pageOf(readKept()!, 'a page without marks')).toThrow(
    /has no <!-- figures: off-on -->/,
  );
});

test('so are the README’s sentence and the chart', () => {
  const readme = repository(FILES.readme);
  expect(readmeOf(readKept()!, readme)).toBe(readme);
  expect(chartOf(readKept()!)).toBe(repository(FILES.chart));
});

test('a chart draws what was answered, and has colours for both modes', () => {
  const points = [exactly(10), exactly(20), atLeast(5000)].map((p99, rate) => ({
    rate,
    p99: medianOf([p99])!,
  }));
  const drawn = chart({
    title: 'T',
    sloMs: 15,
    lines: [{ title: 'a', colour: 'red', thick: true, points }],
  });
  expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
  expect(drawn).toContain('prefers-color-scheme: dark');
  expect(drawn.match(/<polyline points="([^"]*)"/)![1]!.split(' ')).toHaveLength(2);
});

test('all arms are run once before any is run again, the headline pair also on more CPUs', () => {
  const runs = runsOf({ ...WHOLE, runs: 2 });
  const first = runs.findLastIndex(({ number }) => number === 1);
  expect(runs.findIndex(({ number }) => number === 2)).toBe(first + 1);
  expect(runs.filter(({ cpus }) => cpus === 8).map(({ arm }) => arm)).toEqual([
    'off',
    'on',
    'off',
    'on',
  ]);
  expect(runsOf(QUICK)).toHaveLength(9);
});

test('a part of the plan has the pair on more CPUs only if the pair is in it', () => {
  const cpusOf = (part: object) => new Set(runsOf({ ...WHOLE, ...part }).map(({ cpus }) => cpus));
  expect(cpusOf({ arms: ['on', 'off', 'lavd'] })).toEqual(new Set([2, 4, 8]));
  expect(cpusOf({ arms: ['on'] })).toEqual(new Set([2]));
  expect(cpusOf({ scenarios: ['classes'] })).toEqual(new Set([2]));
});

test('a VM with more CPUs has the scenario as often, and as many requests of each collection in longer steps', () => {
  const pace = paceOfVm(8);
  const { rates, services, objectives } = scaledTo(SCENARIOS.equal!, 8, pace);
  expect(rates[2]).toBe(SCENARIOS.equal!.rates[2]! / 4);
  expect(services).toHaveLength(8);
  expect(new Set(services.map(({ name }) => name)).size).toBe(8);
  expect(services[7]!.everyMs).toBe(4000);
  expect(objectives[0]).toBe(4 * SCENARIOS.equal!.objectives[0]!);
  expect(timesFor(TIMES, pace).stepMs).toBe(4 * TIMES.stepMs);
  expect(scaledTo(SCENARIOS.equal!, 2, paceOfVm(2))).toEqual(SCENARIOS.equal);
});

test('a faster machine collects more often and has shorter objectives: p99 sees as many collections', () => {
  const { rates, services, objectives } = scaledTo(SCENARIOS.equal!, 2, 8);
  expect(rates[0]).toBe(8 * SCENARIOS.equal!.rates[0]!);
  expect(services[0]!.everyMs).toBe(125);
  expect(objectives[0]).toBe(25);
});

test('the fair share of background work counts its cgroup, or its threads', () => {
  const shares = (cpus: number) =>
    Object.values(SCENARIOS).map((one) => shareOfBackground(scaledTo(one, cpus, 1)));
  expect(shares(2)).toEqual([1 / 2, 2 / 3, 4 / 7]);
  expect(shares(8)).toEqual(shares(2));
});

test('on a machine without the VM’s tools QEMU is not asked for its version', () => {
  expect(Object.keys(versions(false))).toEqual(['commit', 'date']);
});

test('options name scenarios and arms that there are', () => {
  expect(readOptions(['--arms', 'off,on', '--runs', '3']).plan).toMatchObject({
    arms: ['off', 'on'],
    runs: 3,
  });
  expect(() => readOptions(['--arms', 'of'])).toThrow(/no of; there are default/);
  expect(() => readOptions(['--runs', 'x'])).toThrow(/--runs takes a number/);
});

test('an experiment goes on with the runs that are missing, of the same inputs only', () => {
  const inputs = { hogs: 4 };
  expect(readPairs(join(directory, 'new'), inputs)).toEqual([]);
  writePair(directory, 1, { inputs, kernel: 'a' });
  expect([hasPair(directory, 1), hasPair(directory, 2)]).toEqual([true, false]);
  expect(readdirSync(directory)).toEqual(['pair-01.json']);
  expect(readPairs(directory, inputs)).toHaveLength(1);

  expect(() => readPairs(directory, { hogs: 8 })).toThrow(/other inputs/);
  writePair(directory, 2, { inputs, kernel: 'b' });
  expect(() => readPairs(directory, inputs)).toThrow(/pair-02.json in .* is of b/);
  expect(readPairs(directory, inputs, [2])).toHaveLength(1);
});
