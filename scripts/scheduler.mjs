// Builds the scheduler, and before it what others have written: scx's headers into build/scx/include and libbpf into build/libbpf/ARCH, both
// fetched by crates.mjs. setup.mjs --scheduler calls it.

import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, sourcesIn, step } from './build.mjs';
import { unpackCrate } from './crates.mjs';
import { ExplainedError } from './private-apt.mjs';

const HOME = 'scheduler';
const PACKAGE = 'packages/scheduler';
/** Its tests in the VM have an object that is built as the scheduler's are. */
const GUEST = 'test/vm/guest';

/** What a build of it depends on: it shares the pinning of its map, and has the package's version. */
const SOURCES = [
  ...[...sourcesIn(HOME), 'observer/pin.c', 'observer/pin.h', 'observer/reader_id.h'],
  ...['scripts/scheduler.mjs', 'scripts/crates.mjs', `${PACKAGE}/package.json`],
];

/** As the kernel's build, libbpf and scx call the processors. */
const PROCESSORS = { x64: 'x86', arm64: 'arm64' };

/** One header for each processor: a generated file of the types of its kernel. */
const TYPES = `/* The kernel's types for the processor that is compiled for. Written by scripts/scheduler.mjs. */
${Object.values(PROCESSORS)
  .map(
    (bpf, i) =>
      `#${i === 0 ? 'if' : 'elif'} defined(__TARGET_ARCH_${bpf})\n#include "arch/${bpf}/vmlinux.h"`,
  )
  .join('\n')}
#else
#error "the kernel's types are here for ${Object.values(PROCESSORS).join(' and ')}: define __TARGET_ARCH_..."
#endif
`;

/** Makes a directory of build/: whole, or not at all. */
function publish(directory, fill) {
  const draft = join(root, `${directory}.draft`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  fill(draft);
  rmSync(join(root, directory), { recursive: true, force: true });
  renameSync(draft, join(root, directory));
}

function unpackHeaders() {
  const inputs = ['scripts/scheduler.mjs', 'scripts/crates.mjs'];
  step('scx-headers', inputs, 'build/scx/include', () =>
    publish('build/scx', (draft) => {
      unpackCrate('scx_cargo', ['bpf_h', 'vmlinux.tar.zst'], draft);
      renameSync(join(draft, 'bpf_h'), join(draft, 'include'));
      const archive = join(draft, 'vmlinux.tar.zst');
      const processors = Object.values(PROCESSORS).map((bpf) => `vmlinux/arch/${bpf}`);
      const into = ['-C', join(draft, 'include'), '--strip-components=1'];
      run('tar', ['--zstd', '-xf', archive, ...into, ...processors]);
      rmSync(archive);
      writeFileSync(join(draft, 'include/vmlinux.h'), TYPES);
    }),
  );
}

/** @param {{ cc?: string, ar?: string, include?: string[] }} [cross] for another processor: its compiler, and where its headers are */
function buildLibbpf(bpf, { cc = 'cc', ar = 'ar', include = [] } = {}) {
  const inputs = ['scripts/scheduler.mjs', 'scripts/crates.mjs'];
  const directory = `build/libbpf/${bpf}`;
  step(`libbpf-${bpf}`, inputs, `${directory}/libbpf.a`, () =>
    publish(directory, (draft) => {
      unpackCrate('libbpf-sys', ['libbpf/src', 'libbpf/include'], draft);
      const args = [
        ...['-C', join(draft, 'libbpf/src'), `OBJDIR=${draft}/objects`],
        ...['BUILD_STATIC_ONLY=1', 'NO_PKG_CONFIG=1', 'PREFIX=', `DESTDIR=${draft}`],
        ...[`CC=${cc}`, `AR=${ar}`, 'CFLAGS=-O2 -g -w'],
        `EXTRA_CFLAGS=${include.map((path) => `-I${path}`).join(' ')}`,
        ...[`${draft}/objects/libbpf.a`, 'install_headers', 'install_uapi_headers'],
      ];
      run('make', args, { stdio: ['ignore', 'ignore', 2] }); // it prints a line for each file
      renameSync(join(draft, 'objects/libbpf.a'), join(draft, 'libbpf.a'));
      for (const name of ['libbpf', 'objects']) rmSync(join(draft, name), { recursive: true });
    }),
  );
}

/** For this machine, into scheduler/build. */
export function buildScheduler() {
  const bpf = PROCESSORS[process.arch];
  if (bpf === undefined) {
    throw new ExplainedError(
      `the scheduler is built on ${Object.keys(PROCESSORS).join(' and ')}, and this is ${process.arch}`,
    );
  }
  unpackHeaders();
  buildLibbpf(bpf);
  step('scheduler', SOURCES, `${HOME}/build/scx_schedhint`, () => run('make', ['-s', '-C', HOME]));
  const object = `${GUEST}/build/fitted.bpf.o`;
  step('scheduler-tests', [...SOURCES, `${GUEST}/fitted.bpf.c`], object, () => {
    mkdirSync(join(root, GUEST, 'build'), { recursive: true });
    const variables = [`BUILD=../${GUEST}/build`, `VPATH=../${GUEST}`];
    run('make', ['-s', '-C', HOME, ...variables, `../${object}`]);
  });
}

/**
 * For @schedhint/scheduler: linked so that it needs nothing where it runs.
 *
 * @param {string} arch as Node.js calls it
 * @param {{ cc?: string, ar?: string, include?: string[], libraries?: string[] }} [cross] for another processor
 */
export function buildSchedulerPackage(arch, cross = {}) {
  const { cc = 'cc', include = [], libraries = [] } = cross;
  const bpf = PROCESSORS[arch];
  unpackHeaders();
  buildLibbpf(bpf, cross);
  const folder = `${PACKAGE}/prebuilds/linux-${arch}`;
  step(`scheduler-prebuilt-${arch}`, SOURCES, `${folder}/scx_schedhint`, () =>
    run('make', [
      ...['-s', '-C', HOME, `BUILD=../${folder}`, `ARCH=${bpf}`, `CC=${cc}`],
      ['CFLAGS=-O2', ...include.map((path) => `-I${path}`)].join(' '),
      ['LDFLAGS=-static -s', ...libraries.map((path) => `-L${path}`)].join(' '),
      ...['scx_schedhint', 'scx_schedhint.bpf.o'].map((name) => `../${folder}/${name}`),
    ]),
  );
}

/** What the licence asks for: the sources of what is in the package, and the notices of the libraries, which are the observer's. */
export function copySchedulerSources() {
  const inputs = [...SOURCES, `${HOME}/README.md`, 'packages/observer/licenses/*.txt'];
  step('scheduler-sources', inputs, `${PACKAGE}/source`, () => {
    const copy = (from, to) => {
      rmSync(join(root, PACKAGE, to), { recursive: true, force: true });
      cpSync(join(root, from), join(root, PACKAGE, to), {
        recursive: true,
        filter: (file) => !/\/build$/.test(file) || from.startsWith('build'),
      });
    };
    copy('packages/observer/licenses', 'licenses');
    rmSync(join(root, PACKAGE, 'source'), { recursive: true, force: true });
    copy(HOME, `source/${HOME}`);
    copy('abi/include', 'source/abi/include');
    for (const name of ['pin.c', 'pin.h', 'reader_id.h'])
      copy(`observer/${name}`, `source/observer/${name}`);
    copy('build/scx/include/scx', 'source/build/scx/include/scx');
  });
}
