// Keeps the typed arrays under a view in private fields, where no caller can reach the
// buffer, and defines the plain and ordered loads and stores of each scalar type.

import { show, typeError } from '../errors.js';
import type { IntegerName, ScalarName, ScalarValue } from '../layout/scalars.js';
import { loadWhole, loadWholeSigned, storeWhole } from './int64.js';
import { type Buffer, checkPlace } from './place.js';
import { type Check, type Range, THERE } from './validate.js';

/** How one scalar type is read and written. `index` counts elements; nothing is checked. */
export interface Access<V = number | bigint | boolean> {
  load(memory: Memory, index: number): V;
  store(memory: Memory, index: number, value: V): void;
}

/** An access for each scalar type. */
export type AccessTable = { readonly [N in ScalarName]: Access<ScalarValue<N>> };

/** The shape of a view's accessors: both are called with a view as `this`. */
export interface Accessor {
  get(this: Viewing): unknown;
  set(this: Viewing, value: unknown): void;
}

/** Makes the accessors of an integer field. `check` throws for what is not in the range. */
export type PlaceAccessor = (index: number, range: Range, check: Check) => Accessor;

/** The integer arrays that `Atomics` takes. */
type IntegerWords =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

// Floats pass through here on their way to Atomics, which takes integers only.
const scratch = new ArrayBuffer(8);
const scratchF32 = new Float32Array(scratch);
const scratchF64 = new Float64Array(scratch);
const scratchU32 = new Uint32Array(scratch);
const scratchU64 = new BigUint64Array(scratch);

const nowhere = new ArrayBuffer(0);

// Local names, see THERE in validate.ts.
const there = THERE;
const store64 = storeWhole;

/**
 * The bytes under one view, one nested view or one array: the typed arrays that no caller may have.
 *
 * Views keep theirs in an ordinary property, so anybody can reach a `Memory`; it is an empty shell
 * to them, without a method, a constructor or a readable field. One class for all layouts, whose
 * instances share one hidden class: accessors are closures from a few places in the source and share
 * what V8 has learnt there, so that private fields of a class per layout, which are looked up by
 * key, cost 7 ns on Node 20 and 22 as soon as five layouts live in a process. This way it is 0.5-2.
 */
class Memory {
  #i8!: Int8Array;
  #u8!: Uint8Array;
  #i16!: Int16Array;
  #u16!: Uint16Array;
  #i32!: Int32Array;
  #u32!: Uint32Array;
  #i64!: BigInt64Array;
  #u64!: BigUint64Array;
  #f32!: Float32Array;
  #f64!: Float64Array;
  readonly #size: number;
  readonly #align: number;
  #children: readonly Child[] = [];

  private constructor(size: number, align: number) {
    this.#size = size;
    this.#align = align;
    Object.freeze(this);
  }

  static create(buffer: Buffer, byteOffset: number, size: number, align: number): Memory {
    const memory = new Memory(size, align);
    Memory.point(memory, buffer, byteOffset);
    return memory;
  }

  /** Points to other bytes, with all children. Nothing changes if it throws. */
  static repoint(memory: Memory, buffer: Buffer, byteOffset: number): void {
    checkPlace(buffer, byteOffset, memory.#size, memory.#align);
    Memory.point(memory, buffer, byteOffset);
  }

  private static point(memory: Memory, buffer: Buffer, byteOffset: number): void {
    const size = memory.#size;
    const align = memory.#align;
    // What is wider than the alignment has no element here, and might not be constructible.
    const [b2, o2, n2] = align >= 2 ? [buffer, byteOffset, size >> 1] : [nowhere, 0, 0];
    const [b4, o4, n4] = align >= 4 ? [buffer, byteOffset, size >> 2] : [nowhere, 0, 0];
    const [b8, o8, n8] = align >= 8 ? [buffer, byteOffset, size >> 3] : [nowhere, 0, 0];
    memory.#i8 = new Int8Array(buffer, byteOffset, size);
    memory.#u8 = new Uint8Array(buffer, byteOffset, size);
    memory.#i16 = new Int16Array(b2, o2, n2);
    memory.#u16 = new Uint16Array(b2, o2, n2);
    memory.#i32 = new Int32Array(b4, o4, n4);
    memory.#u32 = new Uint32Array(b4, o4, n4);
    memory.#f32 = new Float32Array(b4, o4, n4);
    memory.#i64 = new BigInt64Array(b8, o8, n8);
    memory.#u64 = new BigUint64Array(b8, o8, n8);
    memory.#f64 = new Float64Array(b8, o8, n8);
    for (const child of memory.#children) {
      Memory.point(child.memory, buffer, byteOffset + child.offset);
    }
  }

  static adopt(memory: Memory, children: readonly Child[]): void {
    memory.#children = children;
  }

  static children(memory: Memory): readonly Child[] {
    return memory.#children;
  }

  /** The array that `Atomics` needs for an integer type. Never handed on to a caller. */
  static words(memory: Memory, name: IntegerName): IntegerWords {
    switch (name) {
      case 'i8':
        return memory.#i8;
      case 'u8':
        return memory.#u8;
      case 'i16':
        return memory.#i16;
      case 'u16':
        return memory.#u16;
      case 'i32':
        return memory.#i32;
      case 'u32':
        return memory.#u32;
      case 'i64':
      case 'i64n':
        return memory.#i64;
      default:
        return memory.#u64;
    }
  }

  // biome-ignore format: a table
  static readonly plain: AccessTable = {
    i8: { load: (m, k) => m.#i8[k]!, store: (m, k, v) => { m.#i8[k] = v; } },
    u8: { load: (m, k) => m.#u8[k]!, store: (m, k, v) => { m.#u8[k] = v; } },
    i16: { load: (m, k) => m.#i16[k]!, store: (m, k, v) => { m.#i16[k] = v; } },
    u16: { load: (m, k) => m.#u16[k]!, store: (m, k, v) => { m.#u16[k] = v; } },
    i32: { load: (m, k) => m.#i32[k]!, store: (m, k, v) => { m.#i32[k] = v; } },
    u32: { load: (m, k) => m.#u32[k]!, store: (m, k, v) => { m.#u32[k] = v; } },
    i64: {
      load: (m, k) => m.#i64[k]!,
      store: (m, k, v: bigint | number) => {
        if (typeof v === 'bigint') m.#i64[k] = v;
        else store64(m.#u64, k, v);
      },
    },
    u64: {
      load: (m, k) => m.#u64[k]!,
      store: (m, k, v: bigint | number) => {
        if (typeof v === 'bigint') m.#u64[k] = v;
        else store64(m.#u64, k, v);
      },
    },
    i64n: {
      load: (m, k) => loadWholeSigned(m.#f64, m.#i64, k),
      store: (m, k, v) => store64(m.#u64, k, v),
    },
    u64n: {
      load: (m, k) => loadWhole(m.#f64, m.#u64, k),
      store: (m, k, v) => store64(m.#u64, k, v),
    },
    f32: { load: (m, k) => m.#f32[k]!, store: (m, k, v) => { m.#f32[k] = v; } },
    f64: { load: (m, k) => m.#f64[k]!, store: (m, k, v) => { m.#f64[k] = v; } },
    bool: { load: (m, k) => m.#u8[k] !== 0, store: (m, k, v) => { m.#u8[k] = v ? 1 : 0; } },
  };

  // Of the types that hints are. Check, way to the array and store are not a function each: see THERE.
  static readonly inPlace = {
    i32: (index: number, { min, max }: Range, check: Check): Accessor => ({
      get() {
        return this['#memory'].#i32[index];
      },
      set(value) {
        const fits =
          typeof value === 'number' && value >= min && value <= max && Math.floor(value) === value;
        if (there[fits ? 0 : 1] === undefined) check(value);
        this['#memory'].#i32[index] = value as number;
      },
    }),
    u32: (index: number, { min, max }: Range, check: Check): Accessor => ({
      get() {
        return this['#memory'].#u32[index];
      },
      set(value) {
        const fits =
          typeof value === 'number' && value >= min && value <= max && Math.floor(value) === value;
        if (there[fits ? 0 : 1] === undefined) check(value);
        this['#memory'].#u32[index] = value as number;
      },
    }),
  };

  // biome-ignore format: a table
  static readonly ordered: AccessTable = {
    i8: { load: (m, k) => Atomics.load(m.#i8, k), store: (m, k, v) => { Atomics.store(m.#i8, k, v); } },
    u8: { load: (m, k) => Atomics.load(m.#u8, k), store: (m, k, v) => { Atomics.store(m.#u8, k, v); } },
    i16: { load: (m, k) => Atomics.load(m.#i16, k), store: (m, k, v) => { Atomics.store(m.#i16, k, v); } },
    u16: { load: (m, k) => Atomics.load(m.#u16, k), store: (m, k, v) => { Atomics.store(m.#u16, k, v); } },
    i32: { load: (m, k) => Atomics.load(m.#i32, k), store: (m, k, v) => { Atomics.store(m.#i32, k, v); } },
    u32: { load: (m, k) => Atomics.load(m.#u32, k), store: (m, k, v) => { Atomics.store(m.#u32, k, v); } },
    i64: { load: (m, k) => Atomics.load(m.#i64, k), store: (m, k, v) => { Atomics.store(m.#i64, k, BigInt(v)); } },
    u64: { load: (m, k) => Atomics.load(m.#u64, k), store: (m, k, v) => { Atomics.store(m.#u64, k, BigInt(v)); } },
    i64n: {
      load: (m, k) => Number(Atomics.load(m.#i64, k)),
      store: (m, k, v) => { Atomics.store(m.#i64, k, BigInt(v)); },
    },
    u64n: {
      load: (m, k) => Number(Atomics.load(m.#u64, k)),
      store: (m, k, v) => { Atomics.store(m.#u64, k, BigInt(v)); },
    },
    f32: {
      load: (m, k) => { scratchU32[0] = Atomics.load(m.#u32, k); return scratchF32[0]!; },
      store: (m, k, v) => { scratchF32[0] = v; Atomics.store(m.#u32, k, scratchU32[0]!); },
    },
    f64: {
      load: (m, k) => { scratchU64[0] = Atomics.load(m.#u64, k); return scratchF64[0]!; },
      store: (m, k, v) => { scratchF64[0] = v; Atomics.store(m.#u64, k, scratchU64[0]!); },
    },
    bool: {
      load: (m, k) => Atomics.load(m.#u8, k) !== 0,
      store: (m, k, v) => { Atomics.store(m.#u8, k, v ? 1 : 0); },
    },
  };

  static is(value: unknown): value is Memory {
    return typeof value === 'object' && value !== null && #size in value;
  }

  static {
    // From an instance nothing leads back to what is above.
    Reflect.deleteProperty(Memory.prototype, 'constructor');
    Object.freeze(Object.setPrototypeOf(Memory.prototype, null));
  }
}

export type { Memory };

/** A view inside a view: a nested struct, an array, or a struct in an array. */
export interface Child {
  /** what the accessor returns */
  readonly view: object;
  readonly memory: Memory;
  /** bytes from the start of the parent */
  readonly offset: number;
}

/** Plain loads and stores: one machine instruction each, whole, not ordered against others. */
export const plain: AccessTable = Memory.plain;

/** Accessors that do what {@link plain} does, in one function. */
export const inPlace: { readonly i32: PlaceAccessor; readonly u32: PlaceAccessor } = Memory.inPlace;

/** The same by `Atomics`, sequentially consistent. */
export const ordered: AccessTable = Memory.ordered;

/** The integer array under a memory, for `Atomics` operations; stays inside this package. */
export const wordsOf = Memory.words;

/** Declares what lies inside, so that it follows {@link repoint}. Once, after creation. */
export const adopt = Memory.adopt;

/** What {@link adopt} declared. */
export const childrenOf = Memory.children;

/** Moves a memory and all that lies inside it to other bytes, which it does not copy. */
export const repoint = Memory.repoint;

/**
 * Bytes of a buffer.
 *
 * @param size bytes
 * @param align 1, 2, 4 or 8; nothing wider can be accessed
 * @throws TypeError / RangeError `ERR_SCHEDHINT_OPTION` if the place is invalid, see {@link checkPlace}
 */
export function createMemory(
  buffer: Buffer,
  byteOffset: number,
  size: number,
  align: number,
): Memory {
  checkPlace(buffer, byteOffset, size, align);
  return Memory.create(buffer, byteOffset, size, align);
}

/** Points a view to other bytes; throws, and changes nothing, if the place is invalid. */
export type Move<V> = (view: V, buffer: Buffer, byteOffset: number) => void;

/** The property in which views keep their memory: no C identifier, hence no field's name. `tld()`, whose names are any strings, refuses it. */
export const MEMORY = '#memory';

/** What views have, besides their fields. */
export interface Viewing {
  readonly '#memory': Memory;
}

/** Gives an object under construction its memory, and freezes its shape. */
export function endow(view: object, memory: Memory): void {
  Object.defineProperty(view, MEMORY, { value: memory });
  Object.freeze(view);
}

/**
 * The memory under a view.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if the value is no view
 */
export function memoryOf(view: unknown): Memory {
  const memory = (view as Partial<Viewing> | null | undefined)?.[MEMORY];
  if (!Memory.is(memory)) {
    throw typeError('ERR_SCHEDHINT_OPTION', `expected a view, got ${show(view)}`);
  }
  return memory;
}
