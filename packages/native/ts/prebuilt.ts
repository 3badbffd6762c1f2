// Finds the prebuilt addon for this architecture and C library: at a fixed path in an installed package, otherwise by module
// resolution. A bundle uses resolution only, because a path relative to its directory could lead to a planted addon.

import { builtinModule } from './builtin-module.js';

/** The C library that an addon is built for. */
export type Libc = 'glibc' | 'musl';

/** Where the addon of this process lies in the package that ships it. */
export function prebuiltFor(libc: Libc): string {
  return `prebuilds/linux-${process.arch}${libc === 'musl' ? '-musl' : ''}/schedhint.node`;
}

/**
 * The addon's file: at the place that this file's package has for it, else where Node.js resolves it from this file, or from
 * the program. Nothing is searched for. null: it is not there.
 */
export function prebuiltAddon(libc: Libc): string | null {
  const place = prebuiltFor(libc);
  const own = ownAddon(place);
  return own !== null && isFile(own) ? own : resolvedAddon(place);
}

/** Directories in which this code is known to be: of this package, and of `schedhint`, whose register.cjs has it in it. */
const OWN_HOME = '/node_modules/@schedhint/native/dist';
const PRELOAD_HOME = '/node_modules/schedhint/dist';

/**
 * One path for each platform, spelled out with `__dirname`: what traces an app's files (@vercel/nft, Next.js) understands that, as
 * it does `join()`, which takes 0.2 ms of a worker's start. null in a bundle: its directory means nothing, and a user who may write
 * next to it must not be able to plant an addon.
 */
function ownAddon(place: string): string | null {
  // A bundler may have written a directory here, a relative one too.
  if (typeof __dirname === 'undefined' || !__dirname.startsWith('/')) return null;
  const isNative = __dirname.endsWith(OWN_HOME);
  if (!isNative && !__dirname.endsWith(PRELOAD_HOME)) return null;
  switch (place) {
    case 'prebuilds/linux-x64/schedhint.node':
      return isNative
        ? `${__dirname}/../prebuilds/linux-x64/schedhint.node`
        : `${__dirname}/../../@schedhint/native/prebuilds/linux-x64/schedhint.node`;
    case 'prebuilds/linux-arm64/schedhint.node':
      return isNative
        ? `${__dirname}/../prebuilds/linux-arm64/schedhint.node`
        : `${__dirname}/../../@schedhint/native/prebuilds/linux-arm64/schedhint.node`;
    case 'prebuilds/linux-x64-musl/schedhint.node':
      return isNative
        ? `${__dirname}/../prebuilds/linux-x64-musl/schedhint.node`
        : `${__dirname}/../../@schedhint/native/prebuilds/linux-x64-musl/schedhint.node`;
    case 'prebuilds/linux-arm64-musl/schedhint.node':
      return isNative
        ? `${__dirname}/../prebuilds/linux-arm64-musl/schedhint.node`
        : `${__dirname}/../../@schedhint/native/prebuilds/linux-arm64-musl/schedhint.node`;
    default:
      return null;
  }
}

/**
 * As `require.resolve` would find it, also from a bundle next to node_modules; that takes 2 ms of a start. From the program
 * too: as an ES module a bundle does not know its file's name, and Turbopack's knows a wrong one.
 */
function resolvedAddon(place: string): string | null {
  const files = [typeof __filename === 'undefined' ? undefined : __filename, process.argv[1]];
  for (const file of files) {
    try {
      return builtinModule('node:module')
        .createRequire(file!)
        .resolve(`@schedhint/native/${place}`);
    } catch {
      // there is no such package, or no such file
    }
  }
  return null;
}

/** Whether it is there, as far as the permission model lets us know. */
function isFile(path: string): boolean {
  try {
    return builtinModule('node:fs').existsSync(path);
  } catch {
    return false;
  }
}
