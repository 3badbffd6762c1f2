// Implements sequentially consistent access to views: ordered(), a twin of a view that uses Atomics for each field, and
// `atomics`, the operations of Atomics by field name.

import { show, typeError } from '../errors.js';
import type { IntegerName, ScalarName, ScalarType } from '../layout/scalars.js';
import type { Field, StructLayout } from '../layout/types.js';
import { orderedWords } from './masked-word.js';
import { arrayViewOf, classCache, layoutOf, type Manner } from './struct-view.js';
import {
  type Memory,
  memoryOf,
  ordered as orderedTable,
  type Viewing,
  wordsOf,
} from './typed-memory.js';
import { checkOf } from './validate.js';

const orderly: Manner = {
  table: orderedTable,
  words: orderedWords,
  child: (view) => ordered(view),
};
const orderedClass = classCache(orderly);
const orderedViews = new WeakMap<Memory, object>();

/**
 * The same fields over the same memory, read with `Atomics.load` and assigned with `Atomics.store`:
 * sequentially consistent, so that another thread that sees one assignment sees all earlier ones.
 * The checks are the same. A call of a builtin for each (about 16 ns), where a plain assignment is
 * one machine instruction (about 1): for a reader that must see A before B while this thread runs.
 *
 * Nested structs and arrays come out ordered too. The same view gives the same object, and it
 * follows its view when that moves to other memory.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if the value is no view
 */
export function ordered<V extends object>(view: V): V {
  const memory = memoryOf(view);
  let twin = orderedViews.get(memory);
  if (twin === undefined) {
    twin = arrayViewOf(memory, orderly) ?? new (orderedClass(layoutOf(view)))(memory);
    orderedViews.set(memory, twin);
  }
  return twin as V;
}

/** The names of a view's fields that are scalars. Floats among them are refused when it runs. */
export type AtomicKeys<V> = {
  [K in keyof V]: V[K] extends number | bigint ? K : never;
}[keyof V];

/** One field of one view, resolved. */
interface Place {
  readonly words: BigInt64Array;
  readonly index: number;
  /** into what the words hold; throws if the value does not fit */
  readonly into: (value: unknown) => bigint;
  /** into what the field's own reads give */
  readonly from: (word: bigint) => unknown;
}

/** All that is known of a field without a view, kept by layout. */
interface Recipe {
  readonly name: IntegerName;
  readonly index: number;
  readonly into: (value: unknown) => bigint;
  readonly from: (word: bigint) => unknown;
}

const recipes = new WeakMap<StructLayout, Map<string, Recipe>>();

function recipeOf(layout: StructLayout, name: string): Recipe {
  let known = recipes.get(layout);
  if (known === undefined) {
    known = new Map();
    recipes.set(layout, known);
  }
  let recipe = known.get(name);
  if (recipe === undefined) {
    recipe = makeRecipe(layout, name);
    known.set(name, recipe);
  }
  return recipe;
}

const NO_INTEGER: Partial<Record<ScalarName, string>> = {
  f32: 'a float',
  f64: 'a float',
  bool: 'a bool',
};
const NO_SCALAR = { bits: 'a bit-field', array: 'an array', struct: 'a struct', union: 'a union' };

function makeRecipe(layout: StructLayout, name: string): Recipe {
  const field: Field | undefined = layout.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    throw typeError('ERR_SCHEDHINT_FIELD_UNKNOWN', `${layout.name} has no field ${show(name)}`);
  }
  const { type } = field;
  if (type.kind !== 'scalar' || /^[fb]/.test(type.name)) {
    const what = type.kind === 'scalar' ? NO_INTEGER[type.name] : NO_SCALAR[type.kind];
    throw typeError(
      'ERR_SCHEDHINT_FIELD_TYPE',
      `${name}: expected an integer field, it is ${what}`,
    );
  }
  const check = checkOf(name, type as ScalarType);
  // To Atomics a 64-bit word is a bigint, whatever the field's own type in JavaScript.
  const asNumber = type.name === 'i64n' || type.name === 'u64n';
  return {
    name: type.name as IntegerName,
    index: field.offset / field.size,
    into: (value) => {
      check(value);
      return (type.size === 8 ? BigInt(value as number | bigint) : value) as bigint;
    },
    from: asNumber ? Number : (word) => word,
  };
}

// The words are typed as one kind of array, for the compiler: Atomics takes all of them alike, and
// `into` and `from` give it what fits the array that is really there.
function placeOf(view: object, name: PropertyKey): Place {
  const { name: type, index, into, from } = recipeOf(layoutOf(view), name as string);
  return { words: wordsOf((view as Viewing)['#memory'], type) as BigInt64Array, index, into, from };
}

type Operation = (words: BigInt64Array, index: number, value: bigint) => bigint;

function operation(apply: Operation) {
  return <V extends object, K extends AtomicKeys<V>>(view: V, name: K, value: V[K]): V[K] => {
    const { words, index, into, from } = placeOf(view, name);
    return from(apply(words, index, into(value))) as V[K];
  };
}

/**
 * The operations of `Atomics` on the integer fields of a view, by field name. Each returns what
 * `Atomics` does, as the field's own JavaScript type: the old value, but `store` the new one. Values
 * are checked as in assignment; sums and differences wrap around, as in C.
 *
 * All throw TypeError `ERR_SCHEDHINT_FIELD_UNKNOWN` for a name that is no field's, TypeError `ERR_SCHEDHINT_FIELD_TYPE`
 * for a float, an array, a struct or a value of the wrong type, RangeError `ERR_SCHEDHINT_FIELD_RANGE` for a
 * value out of range, and TypeError `ERR_SCHEDHINT_OPTION` if `view` is no view of a struct. Then nothing has
 * been written.
 */
export const atomics = Object.freeze({
  /** The value, ordered after all that its writer stored before it. */
  load<V extends object, K extends AtomicKeys<V>>(view: V, name: K): V[K] {
    const { words, index, from } = placeOf(view, name);
    return from(Atomics.load(words, index)) as V[K];
  },
  /** Stores, ordered after all that this thread stored before. Returns `value`. */
  store: operation((words, index, value) => Atomics.store(words, index, value)),
  /** Adds. To subtract use {@link sub}: the operand must itself fit the field. */
  add: operation((words, index, value) => Atomics.add(words, index, value)),
  /** Subtracts. */
  sub: operation((words, index, value) => Atomics.sub(words, index, value)),
  /** Keeps the bits that the operand has too. */
  and: operation((words, index, value) => Atomics.and(words, index, value)),
  /** Sets the operand's bits. */
  or: operation((words, index, value) => Atomics.or(words, index, value)),
  /** Turns the operand's bits over. */
  xor: operation((words, index, value) => Atomics.xor(words, index, value)),
  /** Stores and returns what was there. */
  exchange: operation((words, index, value) => Atomics.exchange(words, index, value)),
  /** Stores `replacement` if `expected` is there; returns what was there either way. */
  compareExchange<V extends object, K extends AtomicKeys<V>>(
    view: V,
    name: K,
    expected: V[K],
    replacement: V[K],
  ): V[K] {
    const { words, index, into, from } = placeOf(view, name);
    const old = Atomics.compareExchange(words, index, into(expected), into(replacement));
    return from(old) as V[K];
  },
});
