/** The kinds of BTF types, as linux/btf.h numbers them. */
export const Kind = {
  void: 0,
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
  locParam: 20,
  locProto: 21,
  locSec: 22,
} as const;

/** How many bytes follow the 12 of every type: some once, some for each of its `vlen` elements. */
export interface KindSize {
  readonly once: number;
  readonly each: number;
}

const nothing = { once: 0, each: 0 };

/**
 * By kind. The location kinds (20..22) are newer than Linux 6.18 and describe functions, not data:
 * they are stepped over, like every kind that a file's own layout section has the sizes of.
 */
export const KIND_SIZES: readonly KindSize[] = [
  nothing, // void: never written down
  { once: 4, each: 0 }, // int
  nothing, // ptr
  { once: 12, each: 0 }, // array
  { once: 0, each: 12 }, // struct
  { once: 0, each: 12 }, // union
  { once: 0, each: 8 }, // enum
  nothing, // fwd
  nothing, // typedef
  nothing, // volatile
  nothing, // const
  nothing, // restrict
  nothing, // func
  { once: 0, each: 8 }, // funcProto
  { once: 4, each: 0 }, // var
  { once: 0, each: 12 }, // datasec
  nothing, // float
  { once: 4, each: 0 }, // declTag
  nothing, // typeTag
  { once: 0, each: 12 }, // enum64
  { once: 4, each: 4 }, // locParam
  { once: 0, each: 4 }, // locProto
  { once: 0, each: 12 }, // locSec
];

/** A member of a struct or union. */
export interface BtfMember {
  /** '' for an anonymous one */
  readonly name: string;
  readonly type: number;
  /** bits from the start of the struct */
  readonly bitOffset: number;
  /** bits of a bit-field; 0: not a bit-field */
  readonly bitSize: number;
}

/** A type as it is written down. Types are named by number: see `Btf.type`. */
export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int';
      readonly name: string;
      /** bytes */
      readonly size: number;
      readonly signed: boolean;
      readonly bool: boolean;
      /** Of the bit-fields of old compilers: where in `size` bytes the value is. */
      readonly bitOffset: number;
      readonly bits: number;
    }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | { readonly kind: 'ptr'; readonly type: number }
  | {
      readonly kind: 'array';
      readonly type: number;
      readonly indexType: number;
      readonly length: number;
    }
  | {
      readonly kind: 'struct' | 'union';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  | {
      readonly kind: 'enum' | 'enum64';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly constants: readonly (readonly [name: string, value: bigint])[];
    }
  | { readonly kind: 'fwd'; readonly name: string; readonly of: 'struct' | 'union' }
  | { readonly kind: 'typedef'; readonly name: string; readonly type: number }
  | { readonly kind: 'volatile' | 'const' | 'restrict'; readonly type: number }
  | {
      readonly kind: 'typeTag';
      readonly name: string;
      readonly type: number;
      /** It stands for any `__attribute__`, not for `btf_type_tag`. */
      readonly isAttribute: boolean;
    }
  | {
      readonly kind: 'declTag';
      readonly name: string;
      readonly type: number;
      /** the member or argument; -1: the whole */
      readonly component: number;
      readonly isAttribute: boolean;
    }
  | {
      readonly kind: 'func';
      readonly name: string;
      readonly type: number;
      readonly linkage: number;
    }
  | {
      readonly kind: 'funcProto';
      readonly type: number;
      readonly parameters: readonly { readonly name: string; readonly type: number }[];
    }
  | { readonly kind: 'var'; readonly name: string; readonly type: number; readonly linkage: number }
  | {
      readonly kind: 'datasec';
      readonly name: string;
      readonly size: number;
      readonly variables: readonly {
        readonly type: number;
        /** bytes from the start of the section */
        readonly offset: number;
        readonly size: number;
      }[];
    }
  /** A kind newer than this reader, or one that describes no data. */
  | { readonly kind: 'other'; readonly number: number };

/** A type as a message names it. */
export function describe(type: BtfType): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'int':
    case 'float':
      return type.name;
    case 'ptr':
      return 'a pointer';
    case 'array':
      return 'an array';
    case 'fwd':
      return `${type.of} ${type.name}, which the BTF has by its name only: use it whole in the program, for example in "static struct ${type.name} *whole __attribute__((used))"`;
    case 'struct':
    case 'union':
    case 'enum':
    case 'enum64':
      return `${type.kind} ${type.name}`;
    case 'func':
    case 'funcProto':
      return 'a function';
    default:
      return `a ${type.kind}${'name' in type ? ` ${type.name}` : ''}`;
  }
}
