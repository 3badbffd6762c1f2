// Makes what the packages ship for each processor: packages/native/prebuilds/PLATFORM-ARCH/schedhint.node,
// stripped, and packages/{observer,scheduler}/prebuilds/PLATFORM-ARCH. setup.mjs calls it. Nothing of it is in git.

import { join } from 'node:path';
import { ADDON, bin, buildObserverPackage, root, run, step, stripAddon } from './build.mjs';
import { buildSchedulerPackage, copySchedulerSources } from './scheduler.mjs';
import { staticLibraries } from './static-libraries.mjs';

/** Debian's cross toolchains. */
const TOOLCHAINS = {
  x64: { triple: 'x86_64-linux-gnu', processor: 'x86_64', debian: 'amd64', bpf: 'x86' },
  arm64: { triple: 'aarch64-linux-gnu', processor: 'aarch64', debian: 'arm64', bpf: 'arm64' },
};

/** Builds each that is older than its sources. Needs g++-x86-64-linux-gnu and g++-aarch64-linux-gnu. */
export function prebuild() {
  buildSchedulerPackage(process.arch);
  copySchedulerSources();
  for (const [arch, { triple, processor, debian, bpf }] of Object.entries(TOOLCHAINS)) {
    if (arch === process.arch) continue; // build.mjs makes it
    const output = `packages/native/prebuilds/linux-${arch}/schedhint.node`;
    step(`prebuild-${arch}`, [...ADDON, 'scripts/prebuild.mjs'], output, () => {
      crossBuild(arch, triple, processor, `build/${arch}`);
      stripAddon(`${triple}-strip`, `build/${arch}`, output);
    });
    const [cc, ar] = [`${triple}-gcc`, `${triple}-ar`];
    const paths = staticLibraries(debian, triple);
    buildObserverPackage(arch, { variables: [`CC=${cc}`, `ARCH=${bpf}`], ...paths });
    buildSchedulerPackage(arch, { cc, ar, ...paths });
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
