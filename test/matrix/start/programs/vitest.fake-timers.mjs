// Configures vitest for the row that replaces the timers with fake ones.

export default {
  // Threads take no nextTick from a test, and forks need theirs to talk to vitest.
  test: {
    globals: true,
    include: ['fake-timers/vitest.test.mjs'],
    testTimeout: 600_000,
    pool: 'threads',
  },
};
