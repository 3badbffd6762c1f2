// Builds BTF blobs for tests: any kind, either byte order, split BTF, and malformed headers.

import { Btf } from '../../packages/core/src/btf/btf.js';
import { Kind } from '../../packages/core/src/btf/kinds.js';

/** Writes BTF word by word: kinds and forms that no compiler here writes, and hostile ones. */
export class Blob {
  readonly #words: number[] = [];
  #strings = '\0';
  #count = 0;
  layouts: number[] | undefined;
  readonly littleEndian: boolean;
  readonly #base: Blob | undefined;

  constructor(options: { littleEndian?: boolean; base?: Blob } = {}) {
    this.littleEndian = options.littleEndian ?? true;
    this.#base = options.base;
  }

  get typeCount(): number {
    return (this.#base?.typeCount ?? 0) + this.#count;
  }

  get stringBytes(): number {
    return (this.#base?.stringBytes ?? 0) + this.#strings.length;
  }

  name(text: string): number {
    if (text === '') return 0;
    const at = this.stringBytes;
    this.#strings += `${text}\0`;
    return at;
  }

  /** @returns the type's number */
  add(
    kind: number,
    name: string | number,
    size: number,
    words: readonly number[] = [],
    { length = 0, flag = false } = {},
  ): number {
    const info = ((flag ? 1 << 31 : 0) | (kind << 24) | length) >>> 0;
    const at = typeof name === 'number' ? name : this.name(name);
    this.#words.push(at, info, size, ...words);
    return (this.#base?.typeCount ?? 0) + ++this.#count;
  }

  int(name: string, size: number, encoding = 0): number {
    return this.add(Kind.int, name, size, [(encoding << 24) | (size * 8)]);
  }

  struct(
    name: string,
    size: number,
    members: readonly (readonly [name: string, type: number, place: number])[],
    { flag = false, kind = Kind.struct as number } = {},
  ): number {
    const words = members.flatMap(([member, type, place]) => [this.name(member), type, place]);
    return this.add(kind, name, size, words, { length: members.length, flag });
  }

  bytes(change: (header: number[]) => void = () => {}): Uint8Array {
    const layouts = this.layouts ?? [];
    const types = this.#words.length * 4;
    const wide = this.layouts === undefined ? 24 : 32;
    const header = [wide, 0, types, types + layouts.length * 4, this.#strings.length];
    if (wide === 32) header.push(types, layouts.length * 4);
    change(header);
    const strings = new TextEncoder().encode(this.#strings);
    const fixed = 4 + header.length * 4 + types + layouts.length * 4;
    const bytes = new Uint8Array(fixed + strings.length);
    const data = new DataView(bytes.buffer);
    data.setUint16(0, 0xeb9f, this.littleEndian);
    bytes[2] = 1;
    [...header, ...this.#words, ...layouts].forEach((word, i) => {
      data.setUint32(4 + i * 4, word >>> 0, this.littleEndian);
    });
    bytes.set(strings, fixed);
    return bytes;
  }

  btf(base?: Btf): Btf {
    return new Btf(this.bytes(), base);
  }
}
