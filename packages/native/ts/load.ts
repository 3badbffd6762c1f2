// Loads the native addon, once in each thread: the file that SCHEDHINT_ADDON names, else the prebuilt one for glibc or, where
// musl's loader refuses that, for musl. A failure is returned as a code and a reason.

import { builtinModule } from './builtin-module.js';
import { isDisabled } from './disabled.js';
import { environmentVariable } from './environment-variable.js';
import { isOfMuslsLoader } from './libc.js';
import type { Addon } from './native.js';
import { openAddon } from './open-addon.js';
import { type Libc, prebuiltAddon, prebuiltFor } from './prebuilt.js';

/** The addon, or why it is not available: `code` is stable, `reason` is for people and says what to do. */
export type AddonResult =
  | { readonly addon: Addon }
  | {
      readonly code:
        | 'ERR_SCHEDHINT_DISABLED'
        | 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED'
        | 'ERR_SCHEDHINT_ADDON_MISSING'
        | 'ERR_SCHEDHINT_ADDON_LOAD';
      readonly reason: string;
    };

let loaded: AddonResult | undefined;

/**
 * Loads the addon. Once in each thread, whether it succeeds or not: a status is read often, and each attempt takes
 * milliseconds. Never throws: without the addon, hints go to private memory.
 */
export function loadAddon(): AddonResult {
  loaded ??= load();
  return loaded;
}

function load(): AddonResult {
  if (isDisabled()) {
    return {
      code: 'ERR_SCHEDHINT_DISABLED',
      reason: 'hints are disabled: remove SCHEDHINT=off from the environment to enable them',
    };
  }
  if (process.platform !== 'linux') {
    return {
      code: 'ERR_SCHEDHINT_PLATFORM_UNSUPPORTED',
      reason: `hints need Linux (>= 6.13), this is ${process.platform}`,
    };
  }
  const named = environmentVariable('SCHEDHINT_ADDON');
  if (named) return openNamed(named);
  // The addon for glibc first: musl's loader refuses it, since it lacks one of its symbols.
  const result = openPrebuilt('glibc');
  return isRefusedByMusl(result) ? openPrebuilt('musl') : result;
}

function openPrebuilt(libc: Libc): AddonResult {
  const file = prebuiltAddon(libc);
  return file === null ? missing(libc) : open(file, REINSTALL);
}

const isRefusedByMusl = (result: AddonResult): boolean =>
  'code' in result && result.code === 'ERR_SCHEDHINT_ADDON_LOAD' && isOfMuslsLoader(result.reason);

const REINSTALL = 'install @schedhint/native again on this machine';

function missing(libc: Libc): AddonResult {
  const { arch } = process;
  return {
    code: 'ERR_SCHEDHINT_ADDON_MISSING',
    reason:
      arch === 'x64' || arch === 'arm64'
        ? `no addon was found in @schedhint/native: ${REINSTALL}; in a bundle or a single executable, keep that package out of the bundle, or set SCHEDHINT_ADDON to the absolute path of its ${prebuiltFor(libc)}`
        : `no addon is prebuilt for linux-${arch}, only for linux-x64 and linux-arm64: build it in a clone (npm run setup) and set SCHEDHINT_ADDON to its absolute path`,
  };
}

function openNamed(file: string): AddonResult {
  return file.startsWith('/')
    ? open(file, 'correct SCHEDHINT_ADDON, or unset it')
    : {
        code: 'ERR_SCHEDHINT_ADDON_LOAD',
        reason: `SCHEDHINT_ADDON has to be an absolute path, and is ${JSON.stringify(file)}`,
      };
}

function open(file: string, instruction: string): AddonResult {
  try {
    return { addon: openAddon(file) };
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED') {
      return forbidden('the permission model forbids addons: run node with --allow-addons');
    }
    if (name === 'NotCapable') return forbidden('Deno forbids addons: run it with --allow-ffi');
    const forMusl = isOfMuslsLoader(message)
      ? 'this Node.js is for musl (Alpine), and its addon must be, too: '
      : '';
    return {
      code: 'ERR_SCHEDHINT_ADDON_LOAD',
      reason: `loading ${builtinModule('node:path').normalize(file)} failed: ${message}: ${forMusl}${instruction}`,
    };
  }
}

function forbidden(reason: string): AddonResult {
  return { code: 'ERR_SCHEDHINT_ADDON_LOAD', reason };
}
