import { builtinModule } from './builtin-module.js';
import { isDisabled } from './disabled.js';
import { addonBeside, findAddon, isFile, PACKAGE } from './find-addon.js';
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
  const { SCHEDHINT_ADDON } = process.env;
  if (SCHEDHINT_ADDON) return openNamed(SCHEDHINT_ADDON);
  const beside = addonBeside();
  if (beside !== null) {
    const result = open(beside, REINSTALL);
    if ('addon' in result || result === FORBIDDEN || isFile(beside)) return result;
  }
  const file = findAddon();
  return file === null ? missing() : open(file, REINSTALL);
}

const REINSTALL = `install ${PACKAGE} again on this machine`;
const FORBIDDEN: AddonResult = {
  code: 'ERR_ADDON_LOAD',
  reason: 'the permission model forbids addons: run node with --allow-addons',
};

function missing(): AddonResult {
  const { arch } = process;
  return {
    code: 'ERR_ADDON_MISSING',
    reason:
      arch === 'x64' || arch === 'arm64'
        ? `no addon was found in ${PACKAGE}: ${REINSTALL}; in a bundle or a single executable, set SCHEDHINT_ADDON to the absolute path of prebuilds/linux-${arch}/schedhint.node of that package`
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
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED') return FORBIDDEN;
    const what = `loading ${file} failed: ${message}`;
    return {
      code: 'ERR_ADDON_LOAD',
      reason: usesGlibc()
        ? `${what}: ${instruction}`
        : `${what}: this Node.js is linked with another C library than glibc, which the prebuilt addon needs: run a Node.js for glibc (in containers: an image that is not Alpine)`,
    };
  }
}

/** Asked when there is something to explain. Not of `process.report`, which stops every worker to ask it too. */
function usesGlibc(): boolean {
  try {
    const { readFileSync } = builtinModule<typeof import('node:fs')>('node:fs');
    return /\/libc(\.so\.6|-2\.\d+\.so)\b/.test(readFileSync('/proc/self/maps', 'utf8'));
  } catch {
    return true; // the permission model does not let us look
  }
}
