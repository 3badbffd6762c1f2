import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  let file = '';
  try {
    file = fileOfAddon();
    return { addon: require(file) as Addon };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') {
      return {
        code: 'ERR_ADDON_MISSING',
        reason: `no addon for linux-${process.arch} was found (tried ${file || '@schedhint/native'}): there are prebuilt ones for linux-x64 and linux-arm64; elsewhere build it with cmake-js`,
      };
    }
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

/** In a clone's own build, or what the package ships. */
function fileOfAddon(): string {
  const places = [
    join('build', 'Release', 'schedhint.node'),
    join('prebuilds', `linux-${process.arch}`, 'schedhint.node'),
  ];
  // By name, not __dirname: this file also works from within a bundle. `require.resolve` does the same,
  // and also understands runtimes without node_modules, but takes 2-3 ms of an application's start.
  for (const path of require.resolve.paths?.(PACKAGE) ?? []) {
    for (const place of places) {
      const file = join(path, PACKAGE, place);
      if (existsSync(file)) return file;
    }
  }
  const home = dirname(require.resolve(join(PACKAGE, 'package.json')));
  return (
    places.map((place) => join(home, place)).find((file) => existsSync(file)) ??
    join(home, places[1]!)
  );
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
