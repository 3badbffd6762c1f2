// Implements the view of a C array in a block: checked element access, fill and iteration.

import { rangeError, show, typeError } from '../errors.js';
import type { ArrayType, FieldType } from '../layout/types.js';
import { type Access, childrenOf, endow, type Memory } from './typed-memory.js';
import { type Check, checkOf } from './validate.js';

/**
 * A C array inside a block. Its elements are read with {@link at} and iteration, and written with
 * {@link set} and {@link fill}; elements that are structs or arrays are separate views.
 */
export class ArrayView<V, S = V> implements Iterable<V> {
  declare private readonly '#memory': Memory;
  readonly #name: string;
  readonly #type: ArrayType;
  readonly #check: Check;
  readonly #access: Access | undefined;
  readonly #child: (index: number) => object;

  /** @internal */
  constructor(
    name: string,
    type: ArrayType,
    bytes: Memory,
    access: Access | undefined,
    child: (view: object) => object,
  ) {
    this.#name = name;
    this.#type = type;
    this.#access = access;
    this.#check =
      type.element.kind === 'scalar'
        ? checkOf(`${name}[]`, type.element)
        : () => {
            throw notAssignable(`${name}[]`, type.element);
          };
    this.#child = (index) => child(childrenOf(bytes)[index]!.view);
    endow(this, bytes);
  }

  /** elements */
  get length(): number {
    return this.#type.length;
  }

  /**
   * The element at `index`, 0..length-1.
   *
   * @throws RangeError `ERR_SCHEDHINT_FIELD_RANGE` for any other index
   */
  at(index: number): V {
    this.#checkIndex(index);
    return this.#read(index);
  }

  /**
   * Stores one scalar: one aligned store.
   *
   * @param index 0..length-1
   * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE` for a value of the wrong type, or if elements are no scalars
   * @throws RangeError `ERR_SCHEDHINT_FIELD_RANGE` for a value or an index out of range
   */
  set(index: number, value: S): void {
    this.#checkIndex(index);
    this.#check(value);
    this.#access!.store(this['#memory'], index, value as number | bigint | boolean);
  }

  /**
   * Stores one scalar into every element: one store each, so another thread may see some of them
   * done and others not.
   *
   * @returns this view
   * @throws as {@link set}, before anything is stored
   */
  fill(value: S): this {
    this.#check(value);
    for (let index = 0; index < this.length; index++) {
      this.#access!.store(this['#memory'], index, value as number | bigint | boolean);
    }
    return this;
  }

  /** The elements in order, each read when the iteration comes to it. */
  *[Symbol.iterator](): IterableIterator<V> {
    for (let index = 0; index < this.length; index++) yield this.#read(index);
  }

  /** The elements as they are now, for `JSON.stringify`: bigints become decimal strings. */
  toJSON(): unknown[] {
    return Array.from(this, jsonOf);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return inspect([...this], options);
  }

  #read(index: number): V {
    const access = this.#access;
    const value = access === undefined ? this.#child(index) : access.load(this['#memory'], index);
    return value as V;
  }

  #checkIndex(index: number): void {
    if (!(index >= 0 && index < this.length) || Math.floor(index) !== index) {
      throw rangeError(
        'ERR_SCHEDHINT_FIELD_RANGE',
        `${this.#name}: expected an index 0..${this.length - 1}, got ${show(index)}`,
      );
    }
  }

  static {
    // No other code makes one from another's bytes.
    Reflect.deleteProperty(ArrayView.prototype, 'constructor');
  }
}

/** The error of assigning to a field that is a struct or an array. It says what to do instead. */
export function notAssignable(name: string, type: FieldType): TypeError {
  return typeError(
    'ERR_SCHEDHINT_FIELD_TYPE',
    type.kind === 'struct' || type.kind === 'union'
      ? `${name}: a ${type.kind} cannot be assigned whole, assign its fields: view.${name}.${type.fields[0]!.name} = …`
      : `${name}: an array cannot be assigned whole, use view.${name}.set(index, value) or .fill(value)`,
  );
}

/** A field's value as JSON has it: a bigint as a decimal string, a view by its own `toJSON`. */
export function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  const toJSON = (value as { toJSON?: unknown }).toJSON;
  return typeof toJSON === 'function' ? toJSON.call(value) : value;
}
