/**
 * What a caller got wrong. Thrown as a plain `TypeError` or `RangeError` with one of these stable
 * strings in `code`; messages are for people and may change.
 */
export type ErrorCode =
  /** a value of the wrong type for its field, or an operation the field's type does not have */
  | 'ERR_SCHEDHINT_FIELD_TYPE'
  /** a value (or an array index) outside the range of its field, or a fraction for an integer */
  | 'ERR_SCHEDHINT_FIELD_RANGE'
  /** no field of that name */
  | 'ERR_SCHEDHINT_FIELD_UNKNOWN'
  /** a layout that C could not have, or JavaScript could not show */
  | 'ERR_SCHEDHINT_LAYOUT'
  /** an argument that is no field's value: a buffer, an offset, an option */
  | 'ERR_SCHEDHINT_OPTION'
  /** a plain `Error`: a part of this package that a function's first call loads could not be loaded */
  | 'ERR_SCHEDHINT_NOT_LOADED'
  /** task local data: the process has a key of that name, with another size */
  | 'ERR_SCHEDHINT_TLD_KEY_SIZE'
  /** task local data: the process has as many keys as there can be, 63 */
  | 'ERR_SCHEDHINT_TLD_KEYS'
  /** task local data: no room for a value among a thread's */
  | 'ERR_SCHEDHINT_TLD_SPACE'
  /** malformed BTF */
  | 'ERR_SCHEDHINT_BTF'
  /** BTF without the map or the type that was asked for */
  | 'ERR_SCHEDHINT_BTF_NOT_FOUND'
  /** a C type that no layout can have */
  | 'ERR_SCHEDHINT_BTF_UNSUPPORTED'
  /** a malformed ELF file */
  | 'ERR_SCHEDHINT_ELF'
  /** the BTF of a pinned map could not be read */
  | 'ERR_SCHEDHINT_MAP_BTF';

/** An error that carries an {@link ErrorCode}. */
export type Coded<E extends Error> = E & { readonly code: ErrorCode };

/** A `TypeError` with a code. Returned, not thrown, so that the `throw` shows at the caller. */
export function typeError(code: ErrorCode, message: string): Coded<TypeError> {
  return Object.assign(new TypeError(message), { code });
}

/** A `RangeError` with a code. Returned, not thrown, so that the `throw` shows at the caller. */
export function rangeError(code: ErrorCode, message: string): Coded<RangeError> {
  return Object.assign(new RangeError(message), { code });
}

/** A value as a message shows it: short, never throwing, and telling `"5"`, `5` and `5n` apart. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object';
    default:
      return String(value);
  }
}

/**
 * Throws unless an object has only keys that are known.
 *
 * @param what messages begin with it
 * @throws TypeError `ERR_SCHEDHINT_OPTION`, with the name that may have been meant
 */
export function checkNames(what: string, values: object, known: readonly string[]): void {
  for (const name in values) {
    if (known.includes(name)) continue;
    const meant = nearestName(name, known);
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw typeError('ERR_SCHEDHINT_OPTION', `${what}: unknown name ${show(name)}; ${hint}`);
  }
}

/**
 * Throws unless options are an object, and have only names that are known.
 *
 * @param what the function that was called
 * @throws TypeError `ERR_SCHEDHINT_OPTION`
 */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `${what}: expected an object of options, got ${show(options)}`,
    );
  }
  checkNames(what, options, known);
}

/** The known name that is most like another; undefined: none is much like it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const like = candidate.toLowerCase();
    const contains = given.length > 2 && (like.startsWith(given) || given.startsWith(like));
    const distance = contains ? 1 : editDistance(given, like);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's: how many letters must be inserted, deleted or replaced. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1);
    }
    above = row;
  }
  return above[b.length]!;
}
