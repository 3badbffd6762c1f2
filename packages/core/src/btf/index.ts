/**
 * Layouts from BTF, the kernel's description of C types: from a pinned map, a file of
 * /sys/kernel/btf, or a BPF object. What `schedhint gen` stands on.
 *
 * @packageDocumentation
 */
export { Btf } from './btf.js';
export { CLayouts } from './c-layout.js';
export { elfSection } from './elf.js';
export type { FormatError } from './format-error.js';
export type { BtfMember, BtfType } from './kinds.js';
export { type MapValue, mapsOf, mapValueOf, pointeeAt } from './map-value.js';
export { sizeOf } from './size.js';
export { btfOfBytes, btfOfFile, btfOfPin, type PinnedMapBtf } from './source.js';
export { differences } from './struct-comparison.js';
