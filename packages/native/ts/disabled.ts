// Reads the kill switch SCHEDHINT=off from the environment, once in each thread.

import { environmentVariable } from './environment-variable.js';

let disabled: boolean | undefined;

/**
 * The kill switch: with `SCHEDHINT=off` in a thread's environment nothing is opened, started, loaded or
 * subscribed to, and hints go to private memory. The environment is read once, so that a thread is never half disabled.
 */
export function isDisabled(): boolean {
  disabled ??= environmentVariable('SCHEDHINT') === 'off';
  return disabled;
}
