// Creates views of layouts over memory: a frozen object with an accessor for each field, of a class that is cached by layout.
// Also derives the TypeScript types of views from those of layouts.

import { show, typeError } from '../errors.js';
import type { BitPlace, BitsType } from '../layout/bit-field.js';
import type { ValueShape } from '../layout/map-value.js';
import type { ScalarName, ScalarType, ScalarValue } from '../layout/scalars.js';
import { isStructLayout } from '../layout/struct.js';
import type {
  Anonymous,
  ArrayType,
  Field,
  FieldType,
  FieldTypes,
  Layout,
  Member,
  Placed,
  StructLayout,
} from '../layout/types.js';
import { ArrayView, jsonOf, notAssignable } from './array-view.js';
import { bitAccess } from './bit-access.js';
import { plainWords, type Words } from './masked-word.js';
import type { Buffer } from './place.js';
import {
  type Access,
  type Accessor,
  type AccessTable,
  adopt,
  type Child,
  childrenOf,
  createMemory,
  endow,
  inPlace,
  type Memory,
  memoryOf,
  type PlaceAccessor,
  plain,
  repoint,
} from './typed-memory.js';
import { bitFieldCheckOf, checkOf, rangeOf } from './validate.js';

/** What JavaScript reads from a field of a type: a number, a bigint, a boolean, or a view. */
export type ValueOf<T extends FieldType> =
  T extends ScalarType<infer N extends ScalarName>
    ? ScalarValue<N>
    : T extends ArrayType<infer E>
      ? ArrayView<ValueOf<E>>
      : T extends StructLayout
        ? ViewOf<T>
        : never;

/** A member without the place that `at` gives it. */
type Unplaced<M> = M extends Placed<infer T> ? T : M;

/** {@link ValueOf} of a member that is a field. */
type MemberValue<M> =
  Unplaced<M> extends BitsType<infer N extends ScalarName>
    ? ScalarValue<N>
    : Unplaced<M> extends FieldType
      ? ValueOf<Unplaced<M>>
      : never;

/** The fields that are scalars or bit-fields, not views. */
export type ScalarKeys<F> = {
  [K in keyof F]: Unplaced<F[K]> extends ScalarType | BitsType ? K : never;
}[keyof F];

type AnonymousKeys<F> = {
  [K in keyof F]: Unplaced<F[K]> extends Anonymous ? K : never;
}[keyof F];

/** What anonymous members bring. */
type Hoisted<F> = {
  [K in AnonymousKeys<F>]: (
    view: Unplaced<F[K]> extends Anonymous<infer L> ? ViewOf<L> : never,
  ) => void;
}[AnonymousKeys<F>] extends (view: infer V) => void
  ? [AnonymousKeys<F>] extends [never]
    ? unknown
    : V
  : unknown;

/** {@link ViewOf} by the members of a layout. */
export type FieldsView<F extends { readonly [K in keyof F]: Member }> = {
  -readonly [K in ScalarKeys<F>]: MemberValue<F[K]>;
} & {
  readonly [K in Exclude<keyof F, ScalarKeys<F> | AnonymousKeys<F>>]: MemberValue<F[K]>;
} & Hoisted<F>;

/**
 * A layout's view: one property for each field. Reading is one plain aligned load, assigning one
 * plain aligned store; a scalar is checked first and nothing is stored if it does not fit.
 * Nested structs and arrays are views themselves and cannot be replaced.
 *
 * A view is frozen: assigning to a misspelt field throws a TypeError in a module (strict mode).
 */
export type ViewOf<L extends StructLayout> =
  L extends Layout<infer V>
    ? unknown extends V
      ? L extends StructLayout<infer F extends FieldTypes>
        ? FieldsView<F>
        : never
      : V
    : never;

/** The views behind the pointers of a value. */
export type BlocksOf<V extends ValueShape> = {
  readonly [K in keyof V as Unplaced<V[K]> extends ScalarType | ArrayType ? never : K]: Unplaced<
    V[K]
  > extends StructLayout
    ? ViewOf<Unplaced<V[K]>>
    : Unplaced<V[K]> extends ValueShape
      ? BlocksOf<Unplaced<V[K]>>
      : never;
};

/** What distinguishes the two kinds of view: how values travel, and what a nested view is. */
export interface Manner {
  readonly table: AccessTable;
  readonly words: Words;
  /** Of types whose accessors do it in place. */
  readonly inPlace?: { readonly [N in ScalarName]?: PlaceAccessor };
  readonly child: (view: object) => object;
}

type ViewClass = new (memory: Memory) => object;

const plainly: Manner = { table: plain, words: plainWords, inPlace, child: (view) => view };

const layouts = new WeakMap<Memory, StructLayout>();

/**
 * A view of a layout over memory. Internal: who calls it owns the buffer, and the buffer cannot
 * be reached from the view.
 *
 * @param byteOffset a multiple of the layout's alignment
 * @throws TypeError / RangeError `ERR_SCHEDHINT_OPTION` if the layout is invalid, or the place does not fit it
 */
export function createView<L extends StructLayout>(
  layout: L,
  buffer: Buffer,
  byteOffset: number,
): ViewOf<L> {
  if (!isStructLayout(layout)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `expected a layout made by struct(), got ${show(layout)}`,
    );
  }
  return build(layout, buffer, byteOffset) as ViewOf<L>;
}

/**
 * Points a view, with all that is nested in it or ordered over it, to other memory, without copying.
 * Internal: when a handle is stopped, each lives on over a copy that is private to this thread.
 *
 * @param byteOffset a multiple of the layout's alignment
 * @throws TypeError / RangeError `ERR_SCHEDHINT_OPTION` if the place is invalid; the view then stays as it was
 */
export function rebase(view: object, buffer: Buffer, byteOffset: number): void {
  repoint(memoryOf(view), buffer, byteOffset);
}

/**
 * The layout of a view.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if the value is no view of a struct
 */
export function layoutOf(view: unknown): StructLayout {
  const layout = layouts.get(memoryOf(view));
  if (layout === undefined) {
    throw typeError('ERR_SCHEDHINT_OPTION', 'expected the view of a struct, got that of an array');
  }
  return layout;
}

function build(layout: StructLayout, buffer: Buffer, byteOffset: number): object {
  const memory = createMemory(buffer, byteOffset, layout.size, layout.align);
  layouts.set(memory, layout);
  const children: Child[] = [];
  for (const { name, type, offset } of layout.fields) {
    if (type.kind === 'scalar' || type.kind === 'bits') continue;
    children.push(buildChild(name, type, buffer, byteOffset, offset));
  }
  adopt(memory, children);
  return new (plainClass(layout))(memory);
}

function buildChild(
  name: string,
  type: StructLayout | ArrayType,
  buffer: Buffer,
  parent: number,
  offset: number,
): Child {
  const view =
    type.kind === 'array'
      ? buildArray(name, type, buffer, parent + offset)
      : build(type, buffer, parent + offset);
  return Object.freeze({ view, memory: memoryOf(view), offset });
}

function buildArray(name: string, type: ArrayType, buffer: Buffer, start: number): object {
  const memory = createMemory(buffer, start, type.size, type.align);
  const { element } = type;
  if (element.kind !== 'scalar') {
    const elements = Array.from({ length: type.length }, (_, i) =>
      buildChild(`${name}[${i}]`, element, buffer, start, i * element.size),
    );
    adopt(memory, elements);
  }
  arrays.set(memory, { name, type });
  return arrayView(memory, plainly);
}

const arrays = new WeakMap<Memory, { name: string; type: ArrayType }>();

/** The view of an array in one manner or the other, or undefined if the memory is not an array's. */
export function arrayViewOf(memory: Memory, manner: Manner): object | undefined {
  return arrays.has(memory) ? arrayView(memory, manner) : undefined;
}

function arrayView(memory: Memory, manner: Manner): object {
  const { name, type } = arrays.get(memory)!;
  const { element } = type;
  const access = element.kind === 'scalar' ? manner.table[element.name] : undefined;
  return new ArrayView(name, type, memory, access as Access | undefined, manner.child);
}

const plainClass = classCache(plainly);

/** A function that gives each layout its class, always the same. */
export function classCache(manner: Manner): (layout: StructLayout) => ViewClass {
  const classes = new WeakMap<StructLayout, ViewClass>();
  return (layout) => {
    let View = classes.get(layout);
    if (View === undefined) {
      View = viewClass(layout, manner);
      classes.set(layout, View);
    }
    return View;
  };
}

function viewClass(layout: StructLayout, manner: Manner): ViewClass {
  const View = class {
    constructor(memory: Memory) {
      endow(this, memory);
    }
  };
  const { prototype } = View;
  // The constructor stays ours, so that no other code builds a view over another view's memory.
  Reflect.deleteProperty(prototype, 'constructor');
  Object.defineProperties(prototype, {
    [Symbol.toStringTag]: { value: layout.name },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: inspector(layout) },
    toJSON: {
      value: function toJSON(this: object) {
        return Object.fromEntries(entries(layout, this).map(([name, v]) => [name, jsonOf(v)]));
      },
      configurable: true,
    },
  });
  let nested = 0;
  for (const field of layout.fields) {
    const { name, offset, type } = field;
    const accessor =
      type.kind === 'scalar'
        ? scalarAccessor(name, offset / type.size, type, manner)
        : type.kind === 'bits'
          ? bitsAccessor(field, type, manner.words)
          : childAccessor(name, nested++, type, manner.child);
    Object.defineProperty(prototype, name, { ...accessor, enumerable: true, configurable: false });
  }
  Object.freeze(prototype);
  return View;
}

function scalarAccessor(name: string, index: number, type: ScalarType, manner: Manner): Accessor {
  const check = checkOf(name, type);
  const accessorInPlace = manner.inPlace?.[type.name];
  if (accessorInPlace !== undefined) return accessorInPlace(index, rangeOf(type)!, check);
  const { load, store } = manner.table[type.name] as Access;
  return {
    get() {
      return load(this['#memory'], index);
    },
    set(value) {
      check(value);
      store(this['#memory'], index, value as number | bigint);
    },
  };
}

function bitsAccessor(field: Field, type: BitsType, words: Words): Accessor {
  const check = bitFieldCheckOf(field.name, type.base, type.width);
  const { load, store } = bitAccess(type, field.bit!, field as BitPlace, words);
  return {
    get() {
      return load(this['#memory']);
    },
    set(value) {
      check(value);
      store(this['#memory'], value);
    },
  };
}

function childAccessor(
  name: string,
  index: number,
  type: FieldType,
  child: (view: object) => object,
): Accessor {
  return {
    get() {
      return child(childrenOf(this['#memory'])[index]!.view);
    },
    set() {
      throw notAssignable(name, type);
    },
  };
}

function entries(layout: StructLayout, view: object): [string, unknown][] {
  return layout.fields.map(({ name }) => [name, (view as Record<string, unknown>)[name]]);
}

function inspector(layout: StructLayout) {
  return function inspectView(
    this: object,
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    if (depth < 0) return `[${layout.name}]`;
    return `${layout.name} ${inspect(Object.fromEntries(entries(layout, this)), options)}`;
  };
}
