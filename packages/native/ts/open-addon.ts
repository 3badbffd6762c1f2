// Opens the addon's file with process.dlopen() and caches it by path and inode, so that all copies of this package in a thread
// share one addon. Checks the ELF header first, because the loader would end the process with SIGBUS on a truncated file.

import { addonOver } from './addon.js';
import { builtinModule } from './builtin-module.js';
import type { CompiledAddon } from './compiled.js';
import type { Addon } from './native.js';

const OPENED = Symbol.for('schedhint.addons');

/**
 * Opens an addon's file. In one thread all copies of this code get the same addon from the same file, by whatever path:
 * package managers link to it. Not by `require`, which takes more than twice as long: it looks at each directory
 * on the way to the file.
 *
 * @throws Error with the loader's message
 */
export function openAddon(file: string): Addon {
  const shared = process as { [OPENED]?: Record<string, Addon> };
  shared[OPENED] ??= {};
  const opened = shared[OPENED];
  let addon = opened[file];
  if (addon !== undefined) return addon;
  const same = Object.keys(opened).find((other) => isSameFile(other, file));
  addon = same === undefined ? dlopen(file) : opened[same]!;
  opened[file] = addon;
  return addon;
}

function dlopen(file: string): Addon {
  checkFile(file);
  const module: { exports: Partial<CompiledAddon> } = { exports: {} };
  process.dlopen(module, file);
  if (typeof module.exports.attach !== 'function')
    throw new Error('it is not an addon of schedhint');
  return addonOver(module.exports as CompiledAddon);
}

const fs = () => builtinModule('node:fs');

function isSameFile(one: string, other: string): boolean {
  try {
    const { statSync } = fs();
    const [a, b] = [statSync(one, { bigint: true }), statSync(other, { bigint: true })];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

// ELF64's header.
const HEADER = 64;
const MAGIC = 0x7f454c46;
const E_MACHINE = 18;
const E_SHOFF = 40;
const E_SHENTSIZE = 58;
const E_SHNUM = 60;
const MACHINES: Partial<Record<string, number>> = { x64: 62, arm64: 183 };

/**
 * Refuses a file that was cut off: the loader maps more than there is, and the process ends by SIGBUS. Also one for another
 * processor, which glibc calls missing. Whatever else is wrong, the loader says.
 */
function checkFile(file: string): void {
  const header = new DataView(new ArrayBuffer(HEADER));
  let size = 0;
  const { closeSync, fstatSync, openSync, readSync } = fs();
  try {
    const descriptor = openSync(file, 'r');
    try {
      ({ size } = fstatSync(descriptor));
      readSync(descriptor, header, 0, HEADER, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return; // missing, or the permission model does not let us look
  }
  if (header.getUint32(0) !== MAGIC) return;
  // The section headers are the last part of the file.
  const end =
    Number(header.getBigUint64(E_SHOFF, true)) +
    header.getUint16(E_SHENTSIZE, true) * header.getUint16(E_SHNUM, true);
  if (size < HEADER || end > size) throw new Error('the file is incomplete');
  const machine = MACHINES[process.arch];
  if (machine !== undefined && header.getUint16(E_MACHINE, true) !== machine) {
    throw new Error(`it is for another processor, this is ${process.arch}`);
  }
}
