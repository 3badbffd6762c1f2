// libbpf and what it needs, as static libraries for another processor: Debian's packages, unpacked into
// build/static. The machine's own apt and dpkg stay as they are: no foreign architecture is added to them.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';
import { PrivateApt } from './private-apt.mjs';

const PACKAGES = ['libbpf-dev', 'libelf-dev', 'zlib1g-dev'];

/**
 * Downloads them once.
 *
 * @param {string} architecture as dpkg calls it
 * @param {string} triple the compiler's name for it
 * @returns {{ include: string[], libraries: string[] }} where headers and libraries are
 */
export function staticLibraries(architecture, triple) {
  const home = join(root, 'build/static', architecture);
  if (!existsSync(home)) download(architecture, home);
  return {
    include: [join(home, 'usr/include'), join(home, 'usr/include', triple)],
    libraries: [join(home, 'usr/lib', triple)],
  };
}

function download(architecture, home) {
  console.error(`downloading ${PACKAGES.join(', ')} for ${architecture}`);
  const draft = `${home}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const apt = new PrivateApt(join(root, 'build/static'), [codename()], architecture);
  try {
    apt.unpack(PACKAGES, draft);
  } finally {
    apt.remove();
  }
  renameSync(draft, home); // whole, or not there
}

/** The same release as the machine's own libraries, which this processor's program is linked with. */
export function codename() {
  const [, name] = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  if (name === undefined) throw new Error('/etc/os-release names no release of Debian');
  return name;
}
