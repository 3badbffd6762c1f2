// Emits the process warning that the addon could not be loaded, once for a thread and the workers that it starts afterwards.

import { type AddonResult, builtinModule, environmentVariable } from '@schedhint/native';

const WARNED = 'schedhint.addonWarning';

/**
 * Says that there is no addon, as a warning of the process, to an application that has asked for hints in its code. Once, in workers
 * too that are started later. Not where there cannot be one, nor where hints are disabled, nor with
 * `SCHEDHINT_QUIET=1`.
 */
export function warnOfAddon(loaded: AddonResult): void {
  if (!('code' in loaded) || !loaded.code.startsWith('ERR_SCHEDHINT_ADDON_')) return;
  if (environmentVariable('SCHEDHINT_QUIET') === '1' || !isFirst()) return;
  process.emitWarning(`schedhint: no scheduler sees the hints of this process: ${loaded.reason}`, {
    code: 'SCHEDHINT_ADDON',
    detail: `${loaded.code}. SCHEDHINT_QUIET=1 silences this.`,
  });
}

let warned = false;

function isFirst(): boolean {
  if (warned) return false;
  warned = true;
  try {
    // What a thread sets here is there in the workers that it starts.
    const { getEnvironmentData, setEnvironmentData } = builtinModule('node:worker_threads');
    if (getEnvironmentData(WARNED) === true) return false;
    setEnvironmentData(WARNED, true);
  } catch {
    // An ESM bundle before Node.js 20.16.
  }
  return true;
}
