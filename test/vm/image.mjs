// What a VM is made of, in a cache outside of the checkout: kernels as plain images, and a QEMU
// with a virtiofsd that bring their own libraries, so that they run on any machine.
//
// Not the QEMU 7.2 of Debian 12: its multi-threaded emulation races with the kernel patching its
// own code, which sched_ext does at every attach ("Oops: int3").

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ExplainedError, output, PrivateApt } from '../../scripts/private-apt.mjs';

const STABLE = 'trixie';
const BACKPORTS = 'trixie-backports';

/** @typedef {'x64' | 'arm64'} Processor as Node.js calls it */

/**
 * Kernels by the name under which they are asked for: the newest package of Debian's flavour whose version matches. Those for arm64
 * are named by the size of their pages.
 *
 * @type {Record<string, { processor: Processor, flavour: string, version: RegExp }>}
 */
const KERNELS = {
  newest: { processor: 'x64', flavour: 'cloud-amd64', version: /^/ },
  6.17: { processor: 'x64', flavour: 'cloud-amd64', version: /^6\.17\./ },
  '7.0': { processor: 'x64', flavour: 'cloud-amd64', version: /^7\.0\./ },
  7.1: { processor: 'x64', flavour: 'cloud-amd64', version: /^7\.1\./ },
  'arm64-4k': { processor: 'arm64', flavour: 'arm64', version: /^/ },
  'arm64-16k': { processor: 'arm64', flavour: 'arm64-16k', version: /^/ },
};

export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-vm');

/** By the guest's processor: how Debian calls it, the directory of the programs that make the VM, and their packages. */
const EMULATORS = {
  x64: { debian: 'amd64', tools: 'tools', packages: ['qemu-system-x86', 'virtiofsd', 'zstd'] },
  arm64: { debian: 'arm64', tools: 'tools-arm64', packages: ['qemu-system-arm', 'virtiofsd'] },
};

/**
 * QEMU for a guest's processor and what it needs, as unpacked. All of it runs on x86-64.
 *
 * @param {Processor} [processor]
 */
export const toolsOf = (processor = 'x64') => join(CACHE, EMULATORS[processor].tools);

/**
 * The command line that runs a program of {@link toolsOf} with the libraries next to it.
 *
 * @param {string} program below that directory
 * @param {Processor} [processor]
 * @returns {string[]}
 */
export function tool(program, processor) {
  const tools = toolsOf(processor);
  const libraries = join(tools, 'usr/lib/x86_64-linux-gnu');
  return [
    join(libraries, 'ld-linux-x86-64.so.2'),
    '--library-path',
    libraries,
    join(tools, program),
  ];
}

/**
 * Makes a directory of the cache appear whole or not at all: several may download at the same time.
 *
 * @param {string} name
 * @param {(draft: string) => void} fill
 */
export function publish(name, fill) {
  const target = join(CACHE, name);
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  try {
    fill(draft);
    if (!existsSync(target)) renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Removes what is for people to read. @param {string} root of what has been unpacked */
export function removeDocumentation(root) {
  for (const name of ['doc', 'man', 'locale', 'info', 'lintian']) {
    rmSync(join(root, 'usr/share', name), { recursive: true, force: true });
  }
}

/** @param {PrivateApt} apt @param {Processor} processor */
function downloadTools(apt, processor) {
  const { tools, packages } = EMULATORS[processor];
  publish(tools, (draft) => {
    apt.unpackWithDependencies(packages, BACKPORTS, draft);
    removeDocumentation(draft);
  });
}

/**
 * The compressed kernel within a bzImage: the setup header (boot protocol 2.08) says where. Booting
 * it uncompressed saves the seconds that an emulated CPU would take to unpack it.
 *
 * @param {Buffer} image
 */
export function payload(image) {
  if (image.length < 0x250 || image.toString('latin1', 0x202, 0x206) !== 'HdrS') {
    throw new ExplainedError('the kernel is no bzImage');
  }
  const start = ((image[0x1f1] || 4) + 1) * 512 + image.readUInt32LE(0x248);
  const length = image.readUInt32LE(0x24c) - 4; // its last word is the unpacked size
  if (length <= 0 || start + length > image.length)
    throw new ExplainedError('the bzImage is cut short');
  return image.subarray(start, start + length);
}

/** What boots as it is: an ELF file for x86-64, for arm64 what Debian packs without compressing it. */
function plainKernel(vmlinuz, processor, name) {
  const packed = readFileSync(vmlinuz);
  if (processor === 'arm64') {
    if (packed.toString('latin1', 0x38, 0x3c) === 'ARM\x64') return packed;
    throw new ExplainedError(`${name} does not hold a plain arm64 kernel`);
  }
  const [zstd, ...args] = [...tool('usr/bin/zstd'), '-dcq'];
  const vmlinux = output(zstd, args, {
    encoding: 'buffer',
    input: payload(packed),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (vmlinux.toString('latin1', 1, 4) === 'ELF') return vmlinux;
  throw new ExplainedError(`${name} does not hold a zstd-compressed ELF kernel`);
}

/** Since 7.0 the image alone is in linux-binary-VERSION. */
function packageVersion(name, flavour) {
  const [, version, ours] =
    /^linux-(?:binary|image)-([0-9.]+)\+deb13-([a-z0-9-]+)$/.exec(name) ?? [];
  return ours === flavour ? version : undefined;
}

/**
 * @param {string[]} names of packages
 * @param {{ flavour: string, version: RegExp }} wanted
 * @returns {string | undefined} the newest
 */
export function choosePackage(names, { flavour, version: wanted }) {
  const versionOf = (name) => packageVersion(name, flavour);
  const fit = names
    .filter((name) => versionOf(name) !== undefined && wanted.test(versionOf(name)))
    .sort((a, b) => versionOf(a).localeCompare(versionOf(b), 'en', { numeric: true }));
  const version = fit.length > 0 ? versionOf(fit.at(-1)) : undefined;
  const same = fit.filter((name) => versionOf(name) === version);
  return same.find((name) => name.startsWith('linux-binary-')) ?? same[0];
}

/** @param {PrivateApt} apt @param {string} kernel */
function downloadKernel(apt, kernel) {
  const wanted = KERNELS[kernel];
  const names = [...apt.names('linux-binary-'), ...apt.names('linux-image-')];
  const chosen = choosePackage(names, wanted);
  publish(`kernel-${kernel}`, (draft) => {
    if (chosen === undefined) {
      writeFileSync(join(draft, 'missing'), `${BACKPORTS} has no kernel ${kernel}\n`);
      return;
    }
    const unpacked = mkdtempSync(join(CACHE, 'draft-'));
    try {
      apt.unpack([chosen], unpacked);
      const vmlinuz = readdirSync(unpacked, { recursive: true }).find((file) =>
        /(^|\/)vmlinuz[^/]*$/.test(file),
      );
      const plain = plainKernel(join(unpacked, vmlinuz), wanted.processor, chosen);
      writeFileSync(join(draft, 'vmlinux'), plain);
      writeFileSync(join(draft, 'package'), `${chosen}\n`);
    } finally {
      rmSync(unpacked, { recursive: true, force: true });
    }
  });
}

/**
 * Sees to it that the tools and these kernels are there. What has been downloaded once is used for
 * ever: remove the cache to get newer ones.
 *
 * @param {string[]} kernels by their names in KERNELS
 */
export function prepareImages(kernels) {
  for (const kernel of kernels) {
    if (kernel in KERNELS) continue;
    throw new ExplainedError(
      `no such kernel: ${kernel}; there are ${Object.keys(KERNELS).join(', ')}`,
    );
  }
  for (const processor of new Set(kernels.map((kernel) => KERNELS[kernel].processor))) {
    const ours = kernels.filter((kernel) => KERNELS[kernel].processor === processor);
    prepareImagesFor(processor, ours);
  }
}

/** @param {Processor} processor @param {string[]} kernels for it */
function prepareImagesFor(processor, kernels) {
  const missing = kernels.filter((kernel) => !existsSync(join(CACHE, `kernel-${kernel}`)));
  const needsTools = !existsSync(toolsOf(processor));
  if (missing.length === 0 && !needsTools) return;
  console.error(`downloading a VM to ${CACHE}`);
  // The tools run here, the kernel is another processor's.
  if (needsTools) withApt('amd64', (apt) => downloadTools(apt, processor));
  if (missing.length === 0) return;
  withApt(EMULATORS[processor].debian, (apt) => {
    for (const kernel of missing) downloadKernel(apt, kernel);
  });
}

/** @param {string} architecture as Debian calls it @param {(apt: PrivateApt) => void} use */
function withApt(architecture, use) {
  const apt = new PrivateApt(CACHE, [STABLE, BACKPORTS], architecture);
  try {
    use(apt);
  } finally {
    apt.remove();
  }
}

/**
 * @param {string} kernel
 * @returns {{ vmlinux: string, package: string, processor: Processor } | { missing: string }}
 */
export function kernelImage(kernel) {
  const home = join(CACHE, `kernel-${kernel}`);
  const read = (name) => readFileSync(join(home, name), 'utf8').trim();
  if (existsSync(join(home, 'missing'))) return { missing: read('missing') };
  const { processor } = KERNELS[kernel];
  return { vmlinux: join(home, 'vmlinux'), package: read('package'), processor };
}
