// Polls a condition every 20 ms and throws after a minute.

import { inspect } from 'node:util';

const INTERVAL_MS = 20;
const GIVE_UP_MS = 60_000; // a bound for what never comes true, not a limit on speed

/** Waits for a condition that nothing announces. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  state: () => unknown = () => '',
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > GIVE_UP_MS) {
      throw new Error(`gave up waiting until ${what} ${inspect(await state())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
