// Finds a section of an ELF file by its name and returns its bytes without copying
// them; checks every offset against the file size.

import { ByteReader } from './byte-reader.js';
import { elfError } from './format-error.js';

// Packages that read ELF exist, but none is kept up, reads both byte orders and both classes, and
// is safe against hostile files. Finding one section by its name takes no more than this.

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const CLASS_64 = 2;
const DATA_LITTLE = 1;
const DATA_BIG = 2;
const SHT_NOBITS = 8;
const SHF_COMPRESSED = 1 << 11;
/** The real number is in section 0. */
const EXTENDED = 0xffff;
const LONGEST_NAME = 255;

interface SectionHeader {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/**
 * The bytes of a section of an ELF file: 32 or 64 bit, little or big endian.
 *
 * @param name of the section: `.BTF`
 * @returns undefined if no section has that name; not a copy
 * @throws Error `ERR_SCHEDHINT_ELF`, with the offset, if the file is not an ELF file, or malformed
 */
export function elfSection(file: Uint8Array, name: string): Uint8Array | undefined {
  if (!isElf(file)) throw elfError(0, 'not an ELF file: it does not begin with 7f 45 4c 46');
  const wide = file[4] === CLASS_64;
  const order = file[5];
  if (order !== DATA_LITTLE && order !== DATA_BIG) throw elfError(5, `byte order ${order}`);
  const reader = new ByteReader(file, order === DATA_LITTLE, elfError);
  const start = wide ? reader.u64(0x28) : reader.u32(0x20);
  const entry = reader.u16(wide ? 0x3a : 0x2e);
  let count = reader.u16(wide ? 0x3c : 0x30);
  let names = reader.u16(wide ? 0x3e : 0x32);
  if (start === 0) return undefined;
  if (entry < (wide ? 64 : 40))
    throw elfError(wide ? 0x3a : 0x2e, `section headers of ${entry} bytes`);
  const header = (index: number) => readHeader(reader, start + index * entry, wide);
  // More sections than fit 16 bits: their numbers are in the first header.
  if (count === 0) count = header(0).size;
  if (names === EXTENDED) names = header(0).link;
  if (start + count * entry > file.length) {
    throw elfError(
      start,
      `${count} section headers of ${entry} bytes, the file has ${file.length}`,
    );
  }
  if (names >= count) throw elfError(wide ? 0x3e : 0x32, `names in section ${names} of ${count}`);
  const strings = contents(reader, header(names), start + names * entry);
  for (let index = 0; index < count; index++) {
    const section = header(index);
    if (section.type === SHT_NOBITS || !isNamed(reader, strings, section.name, name)) continue;
    if (section.flags & SHF_COMPRESSED) {
      throw elfError(start + index * entry, `section ${name} is compressed`);
    }
    const { from, to } = contents(reader, section, start + index * entry);
    return file.subarray(from, to);
  }
  return undefined;
}

/** Whether a file begins as ELF files do. */
export function isElf(file: Uint8Array): boolean {
  return MAGIC.every((byte, i) => file[i] === byte);
}

function readHeader(reader: ByteReader, at: number, wide: boolean): SectionHeader {
  return wide
    ? {
        name: reader.u32(at),
        type: reader.u32(at + 4),
        flags: reader.u32(at + (reader.littleEndian ? 8 : 12)),
        offset: reader.u64(at + 24),
        size: reader.u64(at + 32),
        link: reader.u32(at + 40),
      }
    : {
        name: reader.u32(at),
        type: reader.u32(at + 4),
        flags: reader.u32(at + 8),
        offset: reader.u32(at + 16),
        size: reader.u32(at + 20),
        link: reader.u32(at + 24),
      };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function contents(reader: ByteReader, { offset, size }: SectionHeader, at: number): Range {
  if (offset + size > reader.length) {
    throw elfError(at, `a section of ${size} bytes at ${offset}, the file has ${reader.length}`);
  }
  return { from: offset, to: offset + size };
}

function isNamed(reader: ByteReader, strings: Range, at: number, name: string): boolean {
  const start = strings.from + at;
  // Compared byte by byte: no name of a hostile file is read to its end.
  if (start + name.length >= strings.to || name.length > LONGEST_NAME) return false;
  for (let i = 0; i < name.length; i++) {
    if (reader.u8(start + i) !== name.charCodeAt(i)) return false;
  }
  return reader.u8(start + name.length) === 0;
}
