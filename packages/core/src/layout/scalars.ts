/** The names of the scalar types. `i64n` and `u64n` are `i64` and `u64` to C. */
export type ScalarName =
  | 'i8'
  | 'u8'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  | 'i64n'
  | 'u64n'
  | 'f32'
  | 'f64'
  | 'bool';

/** The scalar types that `Atomics` can add to and exchange: all but the floats and `bool`. */
export type IntegerName = Exclude<ScalarName, 'f32' | 'f64' | 'bool'>;

/** What JavaScript reads from a field of a scalar type, and may assign to it. */
export type ScalarValue<N extends ScalarName> = N extends 'i64' | 'u64'
  ? bigint
  : N extends 'bool'
    ? boolean
    : number;

/** A scalar type of C. */
export interface ScalarType<N extends ScalarName = ScalarName> {
  readonly kind: 'scalar';
  readonly name: N;
  /** bytes */
  readonly size: 1 | 2 | 4 | 8;
  /** bytes; on 64-bit Linux a scalar is aligned to its size */
  readonly align: 1 | 2 | 4 | 8;
}

function scalar<N extends ScalarName>(name: N, size: 1 | 2 | 4 | 8): ScalarType<N> {
  return Object.freeze({ kind: 'scalar', name, size, align: size });
}

/** `__s8`, a number -128..127. */
export const i8 = scalar('i8', 1);
/** `__u8`, a number 0..255. */
export const u8 = scalar('u8', 1);
/** `__s16`, a number -32768..32767. */
export const i16 = scalar('i16', 2);
/** `__u16`, a number 0..65535. */
export const u16 = scalar('u16', 2);
/** `__s32`, a number -2^31..2^31-1. */
export const i32 = scalar('i32', 4);
/** `__u32`, a number 0..2^32-1. */
export const u32 = scalar('u32', 4);
/** `__s64`, a bigint -2^63..2^63-1. A whole number is taken too, where the type of a view allows it. */
export const i64 = scalar('i64', 8);
/** `__u64`, a bigint 0..2^64-1. A whole number is taken too, where the type of a view allows it. */
export const u64 = scalar('u64', 8);
/**
 * `__s64` as a JavaScript number: any integer -2^63..2^63-1, stored whole. Reads beyond 2^53 are
 * rounded to the nearest number.
 */
export const i64n = scalar('i64n', 8);
/**
 * `__u64` as a JavaScript number: any integer 0..2^64-1, stored whole. Reads beyond 2^53 are
 * rounded to the nearest number. Cheaper than making a bigint for each assignment.
 */
export const u64n = scalar('u64n', 8);
/** `float`: any number (NaN and the infinities too), rounded; a finite one that would become infinite is refused. */
export const f32 = scalar('f32', 4);
/** `double`: any number. */
export const f64 = scalar('f64', 8);
/** `_Bool`, one byte: false or true. */
export const bool = scalar('bool', 1);

const names: ReadonlySet<unknown> = new Set<ScalarName>(
  [i8, u8, i16, u16, i32, u32, i64, u64, i64n, u64n, f32, f64, bool].map((type) => type.name),
);

/** Whether a scalar of that name has values below 0. */
export function isSigned(name: ScalarName): boolean {
  return name.startsWith('i');
}

/** Whether a value is the name of a scalar type. */
export function isScalarName(name: unknown): name is ScalarName {
  return names.has(name);
}
