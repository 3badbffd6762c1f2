// Configures vitest for the row that runs its test files in each pool; vitest.ts chooses the pool.

export default {
  test: { globals: true, include: ['vitest/*.test.mjs'], testTimeout: 600_000 },
};
