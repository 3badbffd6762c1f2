import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flatWeights } from './cgroup-verdict.mjs';

test('nested weights, flattened', () => {
  const cgroups = [
    { path: 'service', 'cpu.weight': 300 },
    { path: 'service/web', 'cpu.weight': 100 },
    { path: 'service/db', 'cpu.weight': 50 },
    { path: 'jobs' },
  ];
  const groups = [
    { name: 'web', count: 6, cgroup: 'service/web' },
    { name: 'db', count: 4, cgroup: 'service/db' },
    { name: 'jobs', count: 8, cgroup: 'jobs' },
  ];
  const weights = flatWeights(groups, cgroups);
  expect(weights.web! * 6).toBeCloseTo(0.5, 9);
  expect(weights.db! * 4).toBeCloseTo(0.25, 9);
  expect(weights.jobs! * 8).toBeCloseTo(0.25, 9);
});

test('those of all leaves make one, whatever the weights', () => {
  const weight = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(
      fc.array(fc.array(weight, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 }),
      weight,
      (tree, parent) => {
        const cgroups = tree.flatMap((leaves, i) => [
          { path: `p${i}`, 'cpu.weight': parent + i },
          ...leaves.map((leaf, j) => ({ path: `p${i}/c${j}`, 'cpu.weight': leaf })),
        ]);
        const groups = cgroups
          .filter(({ path }) => path.includes('/'))
          .map(({ path }, i) => ({ name: path, count: 1 + (i % 3), cgroup: path }));
        const weights = flatWeights(groups, cgroups);
        const sum = groups.reduce((total, { name, count }) => total + weights[name]! * count, 0);
        expect(sum).toBeCloseTo(1, 9);
      },
    ),
  );
});
