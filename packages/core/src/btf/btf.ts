// Reads a BTF blob: checks its header, indexes the offsets of its types and decodes a type
// when it is asked for. Split BTF, of a kernel module, refers to a base BTF.

import { ByteReader } from './byte-reader.js';
import { btfError } from './format-error.js';
import { type BtfType, KIND_SIZES, type KindSize } from './kinds.js';
import { decodeType, TYPE_HEADER, vlenOf } from './type-decoder.js';

const MAGIC = 0xeb9f;
const VERSION = 1;
/** The header before the layout section was added to it. */
const OLD_HEADER = 24;
const NEW_HEADER = 32;
/** More than C, C++ or Rust give a name; shorter than what would make reading all of them slow. */
const LONGEST_NAME = 4096;
/** As in the kernel: how many typedefs, qualifiers and tags may lie above a type. */
const DEEPEST_CHAIN = 32;

interface Section {
  readonly start: number;
  readonly end: number;
}

/**
 * BTF: the kernel's description of C types, as it stands in `/sys/kernel/btf`, in the `.BTF` section
 * of an object, or behind a map.
 *
 * The bytes are anybody's: what is wrong with them is an error with the code `ERR_SCHEDHINT_BTF` and the
 * offset. Making one steps over all types once; each is decoded when it is asked for. Memory is a
 * fraction of the bytes' own.
 */
export class Btf {
  readonly littleEndian: boolean;
  /** One more than the highest type's number. Type 0 is void. */
  readonly typeCount: number;
  readonly #base: Btf | undefined;
  readonly #reader: ByteReader;
  readonly #strings: Section;
  readonly #firstType: number;
  readonly #firstString: number;
  readonly #offsets: Uint32Array;
  #byName: Map<string, number[]> | undefined;
  #pointerSize: 4 | 8 | undefined;

  /**
   * @param bytes all of the BTF; not copied, so it must not change
   * @param base what a kernel module's BTF builds on: vmlinux's
   * @throws Error `ERR_SCHEDHINT_BTF` if it is not BTF
   */
  constructor(bytes: Uint8Array, base?: Btf) {
    if (bytes.length < OLD_HEADER) {
      throw btfError(0, `${OLD_HEADER} bytes of header expected, there are ${bytes.length}`);
    }
    this.littleEndian = isLittleEndian(bytes);
    this.#reader = new ByteReader(bytes, this.littleEndian, btfError);
    this.#base = base;
    this.#firstType = base?.typeCount ?? 1;
    this.#firstString = base?.stringCount ?? 0;
    const sections = readHeader(this.#reader);
    this.#strings = sections.strings;
    this.#offsets = indexTypes(this.#reader, sections);
    this.typeCount = this.#firstType + this.#offsets.length;
  }

  /** Bytes of strings, the base's too. */
  get stringCount(): number {
    return this.#firstString + this.#strings.end - this.#strings.start;
  }

  /**
   * A type by its number.
   *
   * @throws Error `ERR_SCHEDHINT_BTF` for a number that no type has, or a malformed type
   */
  type(id: number): BtfType {
    if (id === 0) return { kind: 'void' };
    if (id < this.#firstType && this.#base !== undefined) return this.#base.type(id);
    const offset = this.#offsets[id - this.#firstType];
    if (offset === undefined) throw btfError(0, `there is no type ${id}`);
    return decodeType(this.#reader, offset, this);
  }

  /** Where the description of a type begins: for messages. */
  offsetOf(id: number): number {
    return this.#offsets[id - this.#firstType] ?? this.#base?.offsetOf(id) ?? 0;
  }

  /**
   * A name by its offset among the strings.
   *
   * @param from where that offset was read: for the message
   */
  name(offset: number, from: number): string {
    if (offset < this.#firstString && this.#base !== undefined) {
      return this.#base.name(offset, from);
    }
    const start = this.#strings.start + offset - this.#firstString;
    if (start >= this.#strings.end) throw btfError(from, `there is no name at ${offset}`);
    return this.#reader.string(start, this.#strings.end, LONGEST_NAME);
  }

  /**
   * Checks that a type refers to one that exists.
   *
   * @param from where its number was read: for the message
   */
  checkId(id: number, from: number): number {
    if (id >= this.typeCount) throw btfError(from, `there is no type ${id}`);
    return id;
  }

  /** What lies under typedefs, qualifiers and tags. */
  resolve(id: number): { readonly id: number; readonly type: BtfType; readonly tags: string[] } {
    const tags: string[] = [];
    let at = id;
    for (let depth = 0; depth <= DEEPEST_CHAIN; depth++) {
      const type = this.type(at);
      switch (type.kind) {
        case 'typeTag':
          if (!type.isAttribute) tags.push(type.name);
          at = type.type;
          break;
        case 'typedef':
        case 'volatile':
        case 'const':
        case 'restrict':
          at = type.type;
          break;
        default:
          return { id: at, type, tags };
      }
    }
    throw btfError(
      this.offsetOf(id),
      `more than ${DEEPEST_CHAIN} typedefs, qualifiers and tags on one type`,
    );
  }

  /** The numbers of all types of a name, lowest first. */
  named(name: string): readonly number[] {
    this.#byName ??= this.#indexNames();
    return [...(this.#base?.named(name) ?? []), ...(this.#byName.get(name) ?? [])];
  }

  /** Bytes of a pointer: 8, but in the BTF of a 32-bit kernel. It is that of `long`. */
  get pointerSize(): 4 | 8 {
    if (this.#pointerSize !== undefined) return this.#pointerSize;
    this.#pointerSize = 8;
    for (const name of ['long', 'long int', 'unsigned long', 'long unsigned int']) {
      for (const id of this.named(name)) {
        const type = this.type(id);
        if (type.kind === 'int' && type.size === 4) this.#pointerSize = 4;
      }
    }
    return this.#pointerSize;
  }

  #indexNames(): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    for (let i = 0; i < this.#offsets.length; i++) {
      const offset = this.#offsets[i]!;
      const name = this.name(this.#reader.u32(offset), offset);
      if (name === '') continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [this.#firstType + i]);
      else known.push(this.#firstType + i);
    }
    return byName;
  }
}

function isLittleEndian(bytes: Uint8Array): boolean {
  const [first, second] = bytes as unknown as [number, number];
  if (first + second * 256 === MAGIC) return true;
  if (first * 256 + second === MAGIC) return false;
  throw btfError(0, `not BTF: it begins with ${hex(first)} ${hex(second)}, not eb 9f or 9f eb`);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

interface Sections {
  readonly types: Section;
  readonly strings: Section;
  readonly kindSizes: readonly KindSize[];
}

function readHeader(reader: ByteReader): Sections {
  const version = reader.u8(2);
  if (version !== VERSION) throw btfError(2, `version ${version}, this reader knows ${VERSION}`);
  const header = reader.u32(4);
  if (header < OLD_HEADER || header > reader.length) {
    throw btfError(4, `a header of ${header} bytes, of ${reader.length} in all`);
  }
  const section = (at: number): Section => {
    const start = header + reader.u32(at);
    const end = start + reader.u32(at + 4);
    if (end > reader.length) {
      throw btfError(at, `a section that ends at ${end}, of ${reader.length} bytes`);
    }
    return { start, end };
  };
  const types = section(8);
  const strings = section(16);
  const layouts = header >= NEW_HEADER ? section(24) : { start: 0, end: 0 };
  return { types, strings, kindSizes: readKindSizes(reader, layouts) };
}

/** A file may say how large the kinds are that it has: that makes newer ones known enough to skip. */
function readKindSizes(reader: ByteReader, { start, end }: Section): readonly KindSize[] {
  const sizes = [...KIND_SIZES];
  for (let kind = 0, at = start; at + 4 <= end; kind++, at += 4) {
    if (kind >= KIND_SIZES.length) sizes[kind] = { once: reader.u8(at), each: reader.u8(at + 1) };
  }
  return sizes;
}

function indexTypes(reader: ByteReader, { types, kindSizes }: Sections): Uint32Array {
  const offsets = new Uint32Array(Math.floor((types.end - types.start) / TYPE_HEADER));
  let count = 0;
  let at = types.start;
  while (at < types.end) {
    const { kind, length } = vlenOf(reader, at);
    const size = kindSizes[kind];
    if (kind === 0 || size === undefined) throw btfError(at + 4, `a type of unknown kind ${kind}`);
    const next = at + TYPE_HEADER + size.once + size.each * length;
    if (next > types.end) {
      throw btfError(
        at,
        `a type of kind ${kind} that ends at ${next}, its section at ${types.end}`,
      );
    }
    offsets[count++] = at;
    at = next;
  }
  return offsets.slice(0, count);
}
