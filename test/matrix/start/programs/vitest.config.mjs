export default {
  test: { globals: true, include: ['vitest/*.test.mjs'], testTimeout: 600_000 },
};
