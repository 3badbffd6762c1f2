// Formats objects whose properties are getters, such as hints and GC state, for JSON.stringify and for console.log.

import { jsonOf } from './array-view.js';

/** The named properties of an object as JSON has them: bigints become decimal strings. */
export function jsonOfGetters<T extends object>(
  object: T,
  keys: readonly (keyof T & string)[],
): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, jsonOf(object[key])]));
}

/** The same for `console.log`, after the class's name. */
export function inspectGetters<T extends object>(
  name: string,
  object: T,
  keys: readonly (keyof T & string)[],
  depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect(Object.fromEntries(keys.map((key) => [key, object[key]])), options)}`;
}
