// Polls a condition every 50 ms in the guest and throws after two minutes.

const INTERVAL_MS = 50;
const GIVE_UP_MS = 120_000; // a bound for what never comes true, not a limit on speed

/**
 * Waits for a condition that nothing announces.
 *
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} condition
 * @param {() => unknown} [state] for the message
 */
export async function until(what, condition, state = () => '') {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > GIVE_UP_MS) {
      throw new Error(`gave up waiting until ${what} ${JSON.stringify(state())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
