// Decodes one type of a BTF blob into an object by its kind; a kind that this version does not know becomes `other`.

import type { ByteReader } from './byte-reader.js';
import { btfError } from './format-error.js';
import { type BtfMember, type BtfType, Kind } from './kinds.js';

/** Bytes that every type begins with: name, info, size or type. */
export const TYPE_HEADER = 12;

const INT_SIGNED = 1;
const INT_BOOL = 4;

/** How names and numbers of other types are looked up. */
export interface Names {
  name(offset: number, from: number): string;
  checkId(id: number, from: number): number;
}

/**
 * The kind of the type at an offset, and its number of elements. The fields are those of newer
 * kernels; older ones use 5 of the kind's 7 bits, 16 of the number's 24, and keep the rest 0.
 */
export function vlenOf(
  reader: ByteReader,
  offset: number,
): { kind: number; length: number; flag: boolean } {
  const info = reader.u32(offset + 4);
  return { kind: (info >>> 24) & 0x7f, length: info & 0xff_ffff, flag: info >>> 31 === 1 };
}

/** Decodes the type at an offset. */
export function decodeType(reader: ByteReader, offset: number, names: Names): BtfType {
  const { kind, length, flag } = vlenOf(reader, offset);
  const name = () => names.name(reader.u32(offset), offset);
  const size = reader.u32(offset + 8);
  const type = () => names.checkId(size, offset + 8);
  const elements = <E>(bytes: number, decode: (at: number) => E): E[] =>
    Array.from({ length }, (_, i) => decode(offset + TYPE_HEADER + i * bytes));
  const nameAt = (at: number) => names.name(reader.u32(at), at);
  const typeAt = (at: number) => names.checkId(reader.u32(at), at);
  switch (kind) {
    case Kind.int: {
      const encoding = reader.u32(offset + TYPE_HEADER);
      const bits = encoding & 0xff;
      const bitOffset = (encoding >>> 16) & 0xff;
      if (size > 16 || bits === 0 || bits + bitOffset > size * 8) {
        throw btfError(offset, `an integer of ${bits} bits at ${bitOffset} in ${size} bytes`);
      }
      const flags = encoding >>> 24;
      const signed = (flags & INT_SIGNED) !== 0;
      const bool = (flags & INT_BOOL) !== 0;
      return { kind: 'int', name: name(), size, signed, bool, bitOffset, bits };
    }
    case Kind.float:
      return { kind: 'float', name: name(), size };
    case Kind.ptr:
      return { kind: 'ptr', type: type() };
    case Kind.array: {
      const at = offset + TYPE_HEADER;
      return {
        kind: 'array',
        type: typeAt(at),
        indexType: typeAt(at + 4),
        length: reader.u32(at + 8),
      };
    }
    case Kind.struct:
    case Kind.union:
      return {
        kind: kind === Kind.struct ? 'struct' : 'union',
        name: name(),
        size,
        members: elements(12, (at): BtfMember => {
          const place = reader.u32(at + 8);
          return {
            name: nameAt(at),
            type: typeAt(at + 4),
            bitOffset: flag ? place & 0xff_ffff : place,
            bitSize: flag ? place >>> 24 : 0,
          };
        }),
      };
    case Kind.enum:
      return {
        kind: 'enum',
        name: name(),
        size: checkEnumSize(size, offset),
        signed: flag,
        constants: elements(8, (at) => [
          nameAt(at),
          BigInt(flag ? reader.i32(at + 4) : reader.u32(at + 4)),
        ]),
      };
    case Kind.enum64:
      return {
        kind: 'enum64',
        name: name(),
        size: checkEnumSize(size, offset),
        signed: flag,
        constants: elements(12, (at) => {
          const value = (BigInt(reader.u32(at + 8)) << 32n) | BigInt(reader.u32(at + 4));
          return [nameAt(at), flag ? BigInt.asIntN(64, value) : value];
        }),
      };
    case Kind.fwd:
      return { kind: 'fwd', name: name(), of: flag ? 'union' : 'struct' };
    case Kind.typedef:
      return { kind: 'typedef', name: name(), type: type() };
    case Kind.volatile:
      return { kind: 'volatile', type: type() };
    case Kind.const:
      return { kind: 'const', type: type() };
    case Kind.restrict:
      return { kind: 'restrict', type: type() };
    case Kind.typeTag:
      return { kind: 'typeTag', name: name(), type: type(), isAttribute: flag };
    case Kind.declTag:
      return {
        kind: 'declTag',
        name: name(),
        type: type(),
        component: reader.i32(offset + TYPE_HEADER),
        isAttribute: flag,
      };
    case Kind.func:
      return { kind: 'func', name: name(), type: type(), linkage: length };
    case Kind.funcProto:
      return {
        kind: 'funcProto',
        type: type(),
        parameters: elements(8, (at) => ({ name: nameAt(at), type: typeAt(at + 4) })),
      };
    case Kind.var:
      return { kind: 'var', name: name(), type: type(), linkage: reader.u32(offset + TYPE_HEADER) };
    case Kind.datasec:
      return {
        kind: 'datasec',
        name: name(),
        size,
        variables: elements(12, (at) => ({
          type: typeAt(at),
          offset: reader.u32(at + 4),
          size: reader.u32(at + 8),
        })),
      };
    default:
      return { kind: 'other', number: kind };
  }
}

function checkEnumSize(size: number, offset: number): number {
  if (![1, 2, 4, 8].includes(size)) throw btfError(offset, `an enumeration of ${size} bytes`);
  return size;
}
