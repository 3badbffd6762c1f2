// Divides the tests into Vitest projects, which run in this order: unit, system, alone (the machine must be otherwise idle),
// long, musl. The npm scripts choose among them.

import { defineConfig } from 'vitest/config';

const minutes = (n: number) => n * 60_000;

/** They count pinned pages of the whole machine, or judge which threads got its CPUs, so nothing else may run meanwhile. */
const ALONE = [
  'test/check/check.test.ts',
  'test/kernel/memory.test.ts',
  'test/broker/binding.test.ts',
  'test/broker/client.test.ts',
];

/** They take minutes, or need what only packing builds: `npm run test:long`, and CI. */
const LONG = [
  'test/broker/fuzz.test.ts',
  'test/docs/site.test.ts',
  'test/health/health.test.ts',
  'test/holds/many-processes.test.ts',
  'test/kernel/scheduler-pin-trust.test.ts',
  'test/packaging/install/**/*.test.ts',
  'test/packaging/jest/**/*.test.ts',
  'test/packaging/loading/*permissions.test.ts',
  'test/packaging/node-versions/**/*.test.ts',
  'test/packaging/register/**/*.test.ts',
  'test/packaging/types/**/*.test.ts',
  'test/native/sanitizers/**/*.test.ts',
  'test/walks/*.test.ts',
];

/** It downloads a Node.js: `npm run test:musl-node`. */
const MUSL = ['test/packaging/musl/**/*.test.ts'];

/** As what is installed, and not transformed by Vite: each file is then loaded once, by import and by require() alike. */
const server = { deps: { external: [/\/packages\/[^/]+\/dist\//] } };

const system = {
  server,
  // A process for each file: they load addons and change limits of their process.
  pool: 'forks' as const,
  testTimeout: minutes(3),
  hookTimeout: minutes(1),
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          server,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          testTimeout: minutes(1),
        },
      },
      {
        test: {
          ...system,
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...LONG, ...MUSL],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...system,
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...system,
          name: 'musl',
          include: MUSL,
          hookTimeout: minutes(10),
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...system,
          name: 'long',
          include: LONG,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
