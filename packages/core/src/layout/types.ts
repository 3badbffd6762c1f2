// Declares the types of layouts: arrays, structs and unions, fields, members at explicit offsets, anonymous members. Has no code.

import type { BitsType } from './bit-field.js';
import type { ScalarType } from './scalars.js';

/** A C array of `length` elements. Made by {@link array}. */
export interface ArrayType<E extends FieldType = FieldType> {
  readonly kind: 'array';
  readonly element: E;
  readonly length: number;
  /** bytes */
  readonly size: number;
  /** bytes */
  readonly align: number;
}

/** What a field may be: a scalar, an array, or another struct or union (by value, as in C). */
export type FieldType = ScalarType | ArrayType | StructLayout;

/** What may stand in a struct: a field's type, a bit-field, an {@link at} or an {@link anonymous}. */
export type Member = FieldType | BitsType | Placed | Anonymous;

/** The members of a struct in their order, as {@link struct} takes them. */
export type FieldTypes = { readonly [name: string]: Member };

/** Where a field lies in its struct. Those of anonymous members are their struct's own, as in C. */
export interface Field<Name extends string = string> {
  readonly name: Name;
  /** bytes from the start of the struct; of a bit-field, those of the word that it is accessed in */
  readonly offset: number;
  /** bytes; of a bit-field, those of that word */
  readonly size: number;
  readonly type: FieldType | BitsType;
  /** Of a bit-field: its first bit from the start of the struct. */
  readonly bit?: number;
}

/** A C struct or union. Made by {@link struct} or {@link union}; frozen, and usable as a field's type. */
export interface StructLayout<F extends FieldTypes = FieldTypes> {
  readonly kind: 'struct' | 'union';
  /** the tag */
  readonly name: string;
  /** bytes, tail padding included: what `sizeof` says */
  readonly size: number;
  /** bytes: the largest alignment of its fields */
  readonly align: number;
  /** in the order of declaration */
  readonly fields: readonly Field[];
  /** the members by name, as they were given */
  readonly types: F;
}

/**
 * A layout whose views have the type `V`: what generated modules say, since TypeScript can declare
 * an accessor that reads a bigint and takes a number too, but cannot derive one.
 */
export type Layout<V> = StructLayout & {
  /** Only for the type checker. */
  readonly view?: V;
};

/** A member at a given place. Made by {@link at}. */
export interface Placed<M = FieldType | BitsType | Anonymous> {
  readonly kind: 'at';
  /** bytes from the start of the struct */
  readonly offset: number;
  /** bits from there on; 0 but for bit-fields */
  readonly bit: number;
  readonly type: M;
}

/** A struct or union without a name inside another. Made by {@link anonymous}. */
export interface Anonymous<L extends StructLayout = StructLayout> {
  readonly kind: 'anonymous';
  readonly layout: L;
}
