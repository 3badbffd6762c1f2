// Loads BTF from bytes, from a file (raw BTF or ELF), or from the kernel for a
// pinned map. The addon makes the bpf(2) calls for a pin.

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { loadAddon } from '@schedhint/native';
import type { ErrorCode } from '../errors.js';
import { Btf } from './btf.js';
import { elfSection, isElf } from './elf.js';
import { elfError } from './format-error.js';

const SECTION = '.BTF';

/** BTF of bytes that are it, or an ELF file with a `.BTF` section, such as a BPF object. */
export function btfOfBytes(bytes: Uint8Array, base?: Btf): Btf {
  if (!isElf(bytes)) return new Btf(bytes, base);
  const section = elfSection(bytes, SECTION);
  if (section === undefined) {
    throw elfError(0, 'there is no .BTF section: build the program with clang -g');
  }
  return new Btf(section, base);
}

/**
 * BTF of a file: one of /sys/kernel/btf, an object, a kernel with a `.BTF` section.
 *
 * A module's BTF in a folder builds on the file `vmlinux` there.
 */
export function btfOfFile(path: string): Btf {
  const isModule = dirname(path) === '/sys/kernel/btf' && basename(path) !== 'vmlinux';
  const base = isModule ? btfOfFile(join(dirname(path), 'vmlinux')) : undefined;
  return btfOfBytes(readFileSync(path), base);
}

/** The types behind a pinned map. */
export interface PinnedMapBtf {
  readonly btf: Btf;
  readonly mapId: number;
  /** cut to 15 characters by the kernel */
  readonly mapName: string;
  /** number of the value's type */
  readonly valueType: number;
}

/**
 * The BTF of the map pinned at a path. Needs CAP_SYS_ADMIN.
 *
 * @throws Error `ERR_SCHEDHINT_MAP_BTF`, with the kernel's errno as `errno`, if it is not available; `ERR_SCHEDHINT_BTF`
 */
export function btfOfPin(path: string): PinnedMapBtf {
  const loaded = loadAddon();
  if (!('addon' in loaded)) throw mapBtfError(0, loaded.reason);
  const { call, errno, mapId, mapName, valueType, btf } = loaded.addon.readMapBtf(path);
  if (errno !== 0) {
    const said = getSystemErrorName(-errno);
    const hint = said === 'EPERM' ? ": reading a map's types needs CAP_SYS_ADMIN, run as root" : '';
    throw mapBtfError(errno, `${call} for the map at ${path} failed (${said})${hint}`);
  }
  if (btf.length === 0) throw mapBtfError(0, `the map at ${path} was made without BTF`);
  return { btf: new Btf(btf), mapId, mapName, valueType };
}

function mapBtfError(errno: number, message: string): Error & { code: ErrorCode; errno: number } {
  return Object.assign(new Error(message), { code: 'ERR_SCHEDHINT_MAP_BTF' as const, errno });
}
