/**
 * Layouts from BTF, the kernel's description of C types: from a pinned map, a file of
 * /sys/kernel/btf, or a BPF object. What `schedhint gen` stands on.
 *
 * @packageDocumentation
 */

export { CLayouts } from './bridge/c-layout.js';
export { type MapValue, mapsOf, mapValueOf, pointeeAt } from './bridge/map-value.js';
export { differences } from './bridge/struct-comparison.js';
export { Btf } from './btf.js';
export { elfSection } from './elf.js';
export type { FormatError } from './format-error.js';
export type { BtfMember, BtfType } from './kinds.js';
export { sizeOf } from './size.js';
export { btfOfBytes, btfOfFile, btfOfPin, type PinnedMapBtf } from './source.js';
