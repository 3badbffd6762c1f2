import { defineConfig } from 'vitest/config';

const minutes = (n: number) => n * 60_000;

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: minutes(1) } },
      {
        // One at a time: they count pins of the whole machine, and load BPF programs.
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          pool: 'forks',
          testTimeout: minutes(3),
          hookTimeout: minutes(1),
        },
      },
    ],
  },
});
