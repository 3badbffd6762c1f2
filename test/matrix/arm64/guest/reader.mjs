// The kernel's reader, @schedhint/observer as npm has installed it. It ends with the tests.

import { startObserver } from '@schedhint/observer';

/** @type {import('@schedhint/observer').Observer | undefined} */
let running;

/** @param {import('@schedhint/observer').ObserverOptions} [options] */
export async function startReader(options) {
  running = await startObserver({ feedback: true, ...options });
  return running;
}

/** For `after`, too. */
export async function stopReader() {
  await running?.stop();
  running = undefined;
}
