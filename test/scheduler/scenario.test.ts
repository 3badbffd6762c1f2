import { expect, test } from 'vitest';
import { rows } from '../matrix/scheduler.mjs';
import { boundedScenarios } from './bounded-scenarios.mjs';
import { cgroupScenarios } from './cgroup-scenarios.mjs';
import { fairScenarios } from './fair-scenarios.mjs';
import { inColumns } from './row.mjs';
import { wordsOf } from './scenario.mjs';

test('the words of a group', () => {
  expect(wordsOf({ name: 'hogs', count: 4 })).toBe(
    'name=hogs,kind=hog,count=4,nice=0,policy=other',
  );
  expect(
    wordsOf({
      name: 's',
      kind: 'sleeper',
      cpus: [0, 2],
      cgroup: 'a/b',
      lies: ['pause', 'urgency'],
      run: [12.5, 12.5],
      sleep: [1000, 2000],
      realTime: true,
    }),
  ).toBe(
    'name=s,kind=sleeper,count=1,nice=0,policy=other,cpus=0:2,cgroup=a/b,lies=pause+urgency,run=13-13,sleep=1000-2000,rt=1',
  );
});

test('each scenario has another name, and every cgroup that it enters', () => {
  const all = [2, 4, 8, 16].map((cpus) => fairScenarios(cpus));
  all.push(boundedScenarios(2), boundedScenarios(8), cgroupScenarios());
  for (const scenarios of all) {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { groups, cgroups = [] } of scenarios) {
      const paths = cgroups.map(({ path }) => path);
      for (const { cgroup, cgroups: spread = 1 } of groups) {
        if (cgroup === undefined) continue;
        expect(paths).toContain(cgroup);
        if (spread > 1) expect(paths).toContain(`${cgroup}/${spread - 1}`);
      }
      // Parents first.
      paths.forEach((path, i) => {
        if (path.includes('/')) expect(paths.slice(0, i)).toContain(path.replace(/\/[^/]*$/, ''));
      });
    }
  }
});

test('a name may have no comma: the guest would read another word', () => {
  const groups = [fairScenarios(4), boundedScenarios(8), cgroupScenarios()].flatMap((scenarios) =>
    scenarios.flatMap((scenario) => scenario.groups),
  );
  for (const { name } of groups) expect(name).not.toMatch(/[,=]/);
});

test('the matrix has the rows', () => {
  expect(rows.map(({ name }) => name)).toContain('fair-16');
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

test('a table in columns', () => {
  expect(
    inColumns([
      ['a', 'b'],
      ['long', '1'],
    ]),
  ).toBe('a     b\nlong  1');
});
