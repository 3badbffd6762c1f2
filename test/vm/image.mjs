// What a VM is made of, in a cache outside of the checkout: kernels as plain ELF images, and a QEMU
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

/** Kernels by the name under which they are asked for: the newest package whose version matches. */
const KERNELS = {
  newest: /^/,
  6.17: /^6\.17\./,
};

export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'schedhint-vm');
/** QEMU and what it needs, as unpacked. */
export const TOOLS = join(CACHE, 'tools');
const LIBRARIES = join(TOOLS, 'usr/lib/x86_64-linux-gnu');

/**
 * The command line that runs a program of {@link TOOLS} with the libraries beside it.
 *
 * @param {string} program below TOOLS
 * @returns {string[]}
 */
export function tool(program) {
  return [
    join(LIBRARIES, 'ld-linux-x86-64.so.2'),
    '--library-path',
    LIBRARIES,
    join(TOOLS, program),
  ];
}

/** Makes a directory appear whole or not at all: several may download at the same time. */
function publish(name, fill) {
  const target = join(CACHE, name);
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  try {
    fill(draft);
    if (!existsSync(target)) renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function downloadTools(apt) {
  publish('tools', (draft) => {
    apt.unpackWithDependencies(['qemu-system-x86', 'virtiofsd', 'zstd'], BACKPORTS, draft);
    for (const name of ['doc', 'man', 'locale', 'info', 'lintian']) {
      rmSync(join(draft, 'usr/share', name), { recursive: true, force: true });
    }
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

/** Debian's cloud kernels; since 7.0 the image alone is in linux-binary-VERSION. */
const packageVersion = (name) =>
  /^linux-(?:binary|image)-([0-9.]+)\+deb13-cloud-amd64$/.exec(name)?.[1];

function byVersion(a, b) {
  return packageVersion(a).localeCompare(packageVersion(b), 'en', { numeric: true });
}

/**
 * @param {string[]} names of packages
 * @param {RegExp} wanted version
 * @returns {string | undefined} the newest
 */
export function choosePackage(names, wanted) {
  const fit = names.filter((name) => wanted.test(packageVersion(name) ?? '!')).sort(byVersion);
  const version = fit.length > 0 ? packageVersion(fit.at(-1)) : undefined;
  const same = fit.filter((name) => packageVersion(name) === version);
  return same.find((name) => name.startsWith('linux-binary-')) ?? same[0];
}

function downloadKernel(apt, kernel) {
  const names = [...apt.names('linux-binary-'), ...apt.names('linux-image-')].filter(
    (name) => packageVersion(name) !== undefined,
  );
  const chosen = choosePackage(names, KERNELS[kernel]);
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
      const [zstd, ...args] = [...tool('usr/bin/zstd'), '-dcq'];
      const vmlinux = output(zstd, args, {
        encoding: 'buffer',
        input: payload(readFileSync(join(unpacked, vmlinuz))),
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      if (vmlinux.toString('latin1', 1, 4) !== 'ELF') {
        throw new ExplainedError(`${chosen} does not hold a zstd-compressed ELF kernel`);
      }
      writeFileSync(join(draft, 'vmlinux'), vmlinux);
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
 * @param {string[]} kernels 'newest', '6.17'
 */
export function prepareImages(kernels) {
  for (const kernel of kernels) {
    if (kernel in KERNELS) continue;
    throw new ExplainedError(
      `no such kernel: ${kernel}; there are ${Object.keys(KERNELS).join(', ')}`,
    );
  }
  const missing = kernels.filter((kernel) => !existsSync(join(CACHE, `kernel-${kernel}`)));
  const needsTools = !existsSync(TOOLS);
  if (missing.length === 0 && !needsTools) return;
  mkdirSync(CACHE, { recursive: true });
  console.error(`downloading a VM to ${CACHE}`);
  const apt = new PrivateApt(CACHE, [STABLE, BACKPORTS]);
  try {
    if (needsTools) downloadTools(apt);
    for (const kernel of missing) downloadKernel(apt, kernel);
  } finally {
    apt.remove();
  }
}

/**
 * @param {string} kernel
 * @returns {{ vmlinux: string, package: string } | { missing: string }}
 */
export function kernelImage(kernel) {
  const home = join(CACHE, `kernel-${kernel}`);
  const read = (name) => readFileSync(join(home, name), 'utf8').trim();
  if (existsSync(join(home, 'missing'))) return { missing: read('missing') };
  return { vmlinux: join(home, 'vmlinux'), package: read('package') };
}
