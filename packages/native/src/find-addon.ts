import { builtinModule } from './builtin-module.js';

/** The package that ships the addon. */
export const PACKAGE = '@schedhint/native';

/** The C library that an addon is built for. */
export type Libc = 'glibc' | 'musl';

/** The prebuilt addon's file in the package. */
export function prebuiltFor(libc: Libc): string {
  return `prebuilds/linux-${process.arch}${libc === 'musl' ? '-musl' : ''}/schedhint.node`;
}

/**
 * Where the addon has to be if this file is in an installed package, without a look at the file system; null: this file
 * is somewhere else, in a clone or a bundle. Then the directories around it mean nothing: whoever may write there must not be able to
 * plant an addon.
 */
export function addonBeside(libc: Libc): string | null {
  try {
    const [, modules] =
      /^(.*\/node_modules)\/(?:schedhint|@schedhint\/native)\/dist$/.exec(__dirname) ?? [];
    return modules === undefined ? null : `${modules}/${PACKAGE}/${prebuiltFor(libc)}`;
  } catch {
    return null; // an ESM bundle has no __dirname
  }
}

/** Where `require` would find the package, with an addon in it; null: nowhere. */
export function findAddon(libc: Libc): string | null {
  try {
    // By name, not __dirname: this file also works from within a bundle. `require.resolve` does the same, and also understands
    // runtimes without node_modules, but takes 2-3 ms of an application's start.
    for (const path of require.resolve.paths(PACKAGE) ?? []) {
      const file = addonIn(`${path}/${PACKAGE}`, libc);
      if (file !== null) return file;
    }
    return addonIn(require.resolve(`${PACKAGE}/package.json`).replace(/[\\/][^\\/]*$/, ''), libc);
  } catch {
    return null; // the package is not there, or there is no such `require`: in an ESM bundle, in a single executable
  }
}

function addonIn(home: string, libc: Libc): string | null {
  const prebuilt = `${home}/${prebuiltFor(libc)}`;
  // A clone's own build is for glibc.
  const files = libc === 'glibc' ? [`${home}/build/Release/schedhint.node`, prebuilt] : [prebuilt];
  return files.find((file) => isFile(file)) ?? null;
}

/** Whether a file is there, as far as the permission model lets us know. */
export function isFile(file: string): boolean {
  try {
    return builtinModule<typeof import('node:fs')>('node:fs').existsSync(file);
  } catch {
    return false;
  }
}
