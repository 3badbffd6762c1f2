import { isDisabled } from './disabled.js';
import { environmentVariable } from './environment-variable.js';
import { addonBeside, findAddon, isFile, type Libc, PACKAGE, prebuiltFor } from './find-addon.js';
import { isOfMuslsLoader } from './libc.js';
import type { Addon } from './native.js';
import { openAddon } from './open-addon.js';

/** The addon, or why it is not available: `code` is stable, `reason` is for people and says what to do. */
export type AddonResult =
  | { readonly addon: Addon }
  | {
      readonly code:
        | 'ERR_SCHEDHINT_DISABLED'
        | 'ERR_PLATFORM_UNSUPPORTED'
        | 'ERR_ADDON_MISSING'
        | 'ERR_ADDON_LOAD';
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
      code: 'ERR_PLATFORM_UNSUPPORTED',
      reason: `hints need Linux (>= 6.13), this is ${process.platform}`,
    };
  }
  const named = environmentVariable('SCHEDHINT_ADDON');
  if (named) return openNamed(named);
  // The addon for glibc first: musl's loader refuses it, since it lacks one of its symbols.
  const result = loadFor('glibc');
  return isRefusedByMusl(result) ? loadFor('musl') : result;
}

/** The one that the packages bring for a C library. */
function loadFor(libc: Libc): AddonResult {
  const beside = addonBeside(libc);
  if (beside !== null) {
    const result = open(beside, REINSTALL);
    const isKnown = 'addon' in result || FORBIDDEN.includes(result) || isRefusedByMusl(result);
    if (isKnown || isFile(beside)) return result;
  }
  const file = findAddon(libc);
  return file === null ? missing(libc) : open(file, REINSTALL);
}

const isRefusedByMusl = (result: AddonResult): boolean =>
  'code' in result && result.code === 'ERR_ADDON_LOAD' && isOfMuslsLoader(result.reason);

const REINSTALL = `install ${PACKAGE} again on this machine`;
const FORBIDDEN_BY_NODE: AddonResult = {
  code: 'ERR_ADDON_LOAD',
  reason: 'the permission model forbids addons: run node with --allow-addons',
};
const FORBIDDEN_BY_DENO: AddonResult = {
  code: 'ERR_ADDON_LOAD',
  reason: 'Deno forbids addons: run it with --allow-ffi',
};
const FORBIDDEN = [FORBIDDEN_BY_NODE, FORBIDDEN_BY_DENO];

function missing(libc: Libc): AddonResult {
  const { arch } = process;
  return {
    code: 'ERR_ADDON_MISSING',
    reason:
      arch === 'x64' || arch === 'arm64'
        ? `no addon was found in ${PACKAGE}: ${REINSTALL}; in a bundle or a single executable, set SCHEDHINT_ADDON to the absolute path of ${prebuiltFor(libc)} of that package`
        : `no addon is prebuilt for linux-${arch}, only for linux-x64 and linux-arm64: build it in a clone (npm run setup) and set SCHEDHINT_ADDON to its absolute path`,
  };
}

function openNamed(file: string): AddonResult {
  return file.startsWith('/')
    ? open(file, 'correct SCHEDHINT_ADDON, or unset it')
    : {
        code: 'ERR_ADDON_LOAD',
        reason: `SCHEDHINT_ADDON has to be an absolute path, and is ${JSON.stringify(file)}`,
      };
}

function open(file: string, instruction: string): AddonResult {
  try {
    return { addon: openAddon(file) };
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED') return FORBIDDEN_BY_NODE;
    if (name === 'NotCapable') return FORBIDDEN_BY_DENO;
    const forMusl = isOfMuslsLoader(message)
      ? 'this Node.js is for musl (Alpine), and its addon must be, too: '
      : '';
    return {
      code: 'ERR_ADDON_LOAD',
      reason: `loading ${file} failed: ${message}: ${forMusl}${instruction}`,
    };
  }
}
