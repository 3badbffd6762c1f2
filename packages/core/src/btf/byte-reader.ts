// Reads integers and strings from a byte array in either byte order, and checks bounds before each read.

import { TextDecoder } from 'node:util';
import type { FormatError } from './format-error.js';

/** Reads a file's integers in its own byte order, and says where the file ends too early. */
export class ByteReader {
  readonly length: number;
  readonly littleEndian: boolean;
  readonly #data: DataView;
  readonly #error: (offset: number, message: string) => FormatError;

  constructor(
    bytes: Uint8Array,
    littleEndian: boolean,
    error: (offset: number, message: string) => FormatError,
  ) {
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.byteLength;
    this.littleEndian = littleEndian;
    this.#error = error;
  }

  u8(offset: number): number {
    this.#need(offset, 1);
    return this.#data.getUint8(offset);
  }

  u16(offset: number): number {
    this.#need(offset, 2);
    return this.#data.getUint16(offset, this.littleEndian);
  }

  u32(offset: number): number {
    this.#need(offset, 4);
    return this.#data.getUint32(offset, this.littleEndian);
  }

  i32(offset: number): number {
    this.#need(offset, 4);
    return this.#data.getInt32(offset, this.littleEndian);
  }

  /** A 64-bit offset or size, which no file has beyond 2^53. */
  u64(offset: number): number {
    this.#need(offset, 8);
    const value = Number(this.#data.getBigUint64(offset, this.littleEndian));
    if (!Number.isSafeInteger(value)) throw this.#error(offset, 'a number beyond 2^53');
    return value;
  }

  /** A string that ends with a NUL byte, at most `most` bytes long, before `end`. */
  string(offset: number, end: number, most: number): string {
    const stop = Math.min(end, this.length, offset + most + 1);
    for (let at = offset; at < stop; at++) {
      if (this.#data.getUint8(at) === 0) {
        return decoder.decode(
          new Uint8Array(this.#data.buffer, this.#data.byteOffset + offset, at - offset),
        );
      }
    }
    throw this.#error(
      offset,
      stop === offset + most + 1
        ? `a name of more than ${most} bytes`
        : 'a name that does not end before its section',
    );
  }

  #need(offset: number, bytes: number): void {
    if (offset + bytes > this.length) {
      throw this.#error(offset, `${bytes} bytes expected, the file has ${this.length}`);
    }
  }
}

const decoder = new TextDecoder('utf-8');
