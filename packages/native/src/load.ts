import { addonOver } from './addon.js';
import type { CompiledAddon } from './compiled.js';
import type { Addon } from './native.js';

/** The addon, or why there is none: `code` is stable, `reason` is for people. */
export type AddonResult =
  | { readonly addon: Addon }
  | {
      readonly code: 'ERR_PLATFORM_UNSUPPORTED' | 'ERR_ADDON_MISSING' | 'ERR_ADDON_LOAD';
      readonly reason: string;
    };

let loaded: AddonResult | undefined;

/** Loads the addon, once. Never throws: without it, hints go to private memory. */
export function loadAddon(): AddonResult {
  if (loaded === undefined || !('addon' in loaded)) loaded = load();
  return loaded;
}

function load(): AddonResult {
  if (process.platform !== 'linux') {
    return {
      code: 'ERR_PLATFORM_UNSUPPORTED',
      reason: `hints need Linux (>= 6.13), this is ${process.platform}`,
    };
  }
  const { SCHEDHINT_ADDON: chosen = '' } = process.env;
  if (chosen !== '') {
    try {
      return { addon: openAddon(chosen) };
    } catch (error) {
      const { message } = error as Error;
      return {
        code: 'ERR_ADDON_LOAD',
        reason: `loading ${chosen}, which SCHEDHINT_ADDON names, failed: ${message}`,
      };
    }
  }
  const beside = loadBeside();
  if (beside !== null) return { addon: beside };
  let file: string | null = null;
  try {
    file = findAddon();
    if (file === null) {
      return {
        code: 'ERR_ADDON_MISSING',
        reason: `no addon for linux-${process.arch} was found in ${PACKAGE}: there are prebuilt ones for linux-x64 and linux-arm64; elsewhere build it with cmake-js`,
      };
    }
    return { addon: openAddon(file) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED') {
      return {
        code: 'ERR_ADDON_LOAD',
        reason: 'the permission model forbids addons: run node with --allow-addons',
      };
    }
    const musl = usesGlibc()
      ? ''
      : ' (this runtime is not linked with glibc: on musl build the addon)';
    return { code: 'ERR_ADDON_LOAD', reason: `loading ${file} failed: ${message}${musl}` };
  }
}

const PACKAGE = '@schedhint/native';
const PREBUILT = `prebuilds/linux-${process.arch}/schedhint.node`;
const OPENED = Symbol.for('schedhint.addons');

/**
 * What `require` would do, and the same addon for whoever asks in this thread, in less than half of its
 * time: it looks at each directory on the way to the file.
 */
function openAddon(file: string): Addon {
  const shared = process as { [OPENED]?: Record<string, Addon> };
  shared[OPENED] ??= {};
  const opened = shared[OPENED];
  if (opened[file] === undefined) {
    const module = { exports: {} };
    process.dlopen(module, file);
    opened[file] = addonOver(module.exports as CompiledAddon);
  }
  return opened[file];
}

/** Where package managers put it, seen from a file in `schedhint/dist`: in one step, without `node:fs`. */
function loadBeside(): Addon | null {
  try {
    const modules = __dirname.split('/').slice(0, -2).join('/');
    return openAddon(`${modules}/${PACKAGE}/${PREBUILT}`);
  } catch {
    return null;
  }
}

/** In a clone's own build, or what the package ships; null: there is none. */
function findAddon(): string | null {
  const { existsSync, realpathSync } = require('node:fs') as typeof import('node:fs');
  const { dirname, join } = require('node:path') as typeof import('node:path');
  const places = ['build/Release/schedhint.node', PREBUILT];
  // By name, not __dirname: this file also works from within a bundle. `require.resolve` does the same,
  // and also understands runtimes without node_modules, but takes 2-3 ms of an application's start.
  for (const path of require.resolve.paths?.(PACKAGE) ?? []) {
    for (const place of places) {
      const file = join(path, PACKAGE, place);
      if (existsSync(file)) return realpathSync(file);
    }
  }
  try {
    const home = dirname(require.resolve(`${PACKAGE}/package.json`));
    return places.map((place) => join(home, place)).find((file) => existsSync(file)) ?? null;
  } catch {
    return null;
  }
}

/** Costs milliseconds: for when there is something to explain. */
function usesGlibc(): boolean {
  try {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime !== undefined;
  } catch {
    return true; // Deno needs a permission for it
  }
}
