// Imports the optional package @schedhint/observer when a command needs it, and explains how to install it if it is missing.

import type { Observer, ObserverOptions } from '@schedhint/observer';

/**
 * Starts the observer of the optional package.
 *
 * @throws Error with a `code`: `ERR_SCHEDHINT_OBSERVER_PACKAGE` without the package, or an ObserverError
 */
export async function openObserver(options: ObserverOptions): Promise<Observer> {
  const { startObserver } = await import('@schedhint/observer').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw Object.assign(
      new Error('this needs the package @schedhint/observer: npm i @schedhint/observer'),
      { code: 'ERR_SCHEDHINT_OBSERVER_PACKAGE' },
    );
  });
  return startObserver(options);
}
