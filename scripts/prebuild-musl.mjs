// Makes the addon for musl, Alpine's C library: packages/native/prebuilds/linux-ARCH-musl/schedhint.node, stripped, for each processor.
// `setup.mjs --musl` calls it, so `npm run pack`, a release and the tests under musl: not `npm test`, because a machine's first
// build takes minutes. The sources are those of the glibc addon, libc++ is linked in, and nothing but musl is needed.

import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ADDON, root, step } from './build.mjs';
import { zigCxx } from './zig.mjs';

const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' };

const native = join(root, 'packages/native');
const modules = join(root, 'node_modules');

/** As CMakeLists.txt has them. */
const COMPILE = [
  ...['-std=c++17', '-fPIC', '-fvisibility=hidden', '-fvisibility-inlines-hidden'],
  ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_DEPRECATED', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  ...['-Isrc', '-I../../abi/include'],
  ...['-ffunction-sections', '-fdata-sections', '-fno-exceptions', '-fno-rtti'],
  ...['-Wall', '-Wextra', '-Wno-unused-parameter'],
  ...['node-addon-api', 'node-api-headers/include'].map((path) => `-I${join(modules, path)}`),
];
/** One is built for speed, one is of glibc. */
const ALONE = ['gc/gc_hook.cc', 'napi/glibc_floor.cc'];
const LINK = [
  ...['-shared', '-s', '-Wl,--gc-sections', '-Wl,--version-script=src/napi/exports.map'],
  ...['-Wl,-z,nodelete', '-Wl,-z,now'],
];

/** Builds each that is older than its sources. */
export function prebuildMusl() {
  const inputs = [...ADDON, 'scripts/prebuild-musl.mjs', 'scripts/zig.mjs'];
  for (const [arch, processor] of Object.entries(PROCESSORS)) {
    const output = `packages/native/prebuilds/linux-${arch}-musl/schedhint.node`;
    step(`prebuild-${arch}-musl`, inputs, output, () => {
      const compile = ['-target', `${processor}-linux-musl`, ...COMPILE];
      const hook = join(root, `build/gc_hook-${arch}-musl.o`);
      mkdirSync(dirname(hook), { recursive: true });
      mkdirSync(dirname(join(root, output)), { recursive: true });
      zigCxx(native, [...compile, '-O2', '-c', 'src/gc/gc_hook.cc', '-o', hook]);
      const others = readdirSync(join(native, 'src'), { recursive: true })
        .filter((name) => name.endsWith('.cc') && !ALONE.includes(name))
        .map((name) => `src/${name}`);
      zigCxx(native, [...compile, '-Os', ...LINK, ...others, hook, '-o', join(root, output)]);
    });
  }
}
