// Taken at load: test frameworks replace it with a fake one.
const { nextTick } = process;

/**
 * Throws in a later tick, so that an error of one callback reaches `uncaughtException` with
 * its stack and the callbacks after it still run.
 */
export function throwUncaught(error: unknown): void {
  nextTick(() => {
    throw error;
  });
}
