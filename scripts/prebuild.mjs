// Makes what the native package ships: packages/native/prebuilds/PLATFORM-ARCH/schedhint.node, stripped.
// setup.mjs --test and pack.mjs call it. Nothing of it is in git.

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ADDON, bin, root, run, step } from './build.mjs';

/** Debian's cross toolchains; this machine's own goes by such a name too. */
const TOOLCHAINS = {
  x64: { triple: 'x86_64-linux-gnu', processor: 'x86_64' },
  arm64: { triple: 'aarch64-linux-gnu', processor: 'aarch64' },
};

/** Builds each prebuilt addon that is older than its sources. Needs g++-x86-64-linux-gnu and g++-aarch64-linux-gnu. */
export function prebuild() {
  for (const [arch, { triple, processor }] of Object.entries(TOOLCHAINS)) {
    const output = `packages/native/prebuilds/linux-${arch}/schedhint.node`;
    step(`prebuild-${arch}`, [...ADDON, 'scripts/prebuild.mjs'], output, () => {
      const directory = arch === process.arch ? 'build' : `build/${arch}`;
      // The build of this machine is the one that the tests run.
      if (arch !== process.arch) crossBuild(arch, triple, processor, directory);
      const built = join(root, 'packages/native', directory, 'Release/schedhint.node');
      mkdirSync(dirname(join(root, output)), { recursive: true });
      run(`${triple}-strip`, ['-o', output, built]);
    });
  }
}

function crossBuild(arch, triple, processor, directory) {
  const cmakeJs = bin('cmake-js', 'bin/cmake-js');
  run(
    process.execPath,
    [
      ...[cmakeJs, 'compile', '--log-level', 'error', '--arch', arch, '-O', directory],
      '--CDCMAKE_SYSTEM_NAME=Linux',
      `--CDCMAKE_SYSTEM_PROCESSOR=${processor}`,
      `--CDCMAKE_CXX_COMPILER=${triple}-g++`,
    ],
    { cwd: join(root, 'packages/native') },
  );
}
