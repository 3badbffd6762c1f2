// Makes the checks of which the check of a config file is composed: each throws a ConfigError that names the place as a JSON pointer.

import { nearestName } from '@schedhint/core/thread';

/** What is wrong with a config file. */
export class ConfigError extends Error {
  readonly code = 'ERR_SCHEDHINT_CONFIG';
}

/** Throws unless a value is right. `at`: its JSON pointer, '' of the whole file. */
export type Check = (value: unknown, at: string) => void;

export const boolean: Check = (value, at) => {
  if (typeof value !== 'boolean') throw unexpected(at, 'true or false', value);
};

/** One of some values, and which if it is almost one. */
export function oneOf(...values: readonly (string | number)[]): Check {
  return (value, at) => {
    if (!values.includes(value as string)) {
      throw unexpected(at, listed(values), value, meant(value, values.map(String)));
    }
  };
}

/** @param isWithin all but the type, which it need not ask for */
export function number(expected: string, isWithin: (value: number) => boolean): Check {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || !isWithin(value)) {
      throw unexpected(at, expected, value);
    }
  };
}

/** @param maxLength in characters, not in UTF-16's units */
export function string(expected: string, pattern: RegExp, maxLength = Infinity): Check {
  return (value, at) => {
    if (typeof value !== 'string' || !pattern.test(value) || [...value].length > maxLength) {
      throw unexpected(at, expected, value);
    }
  };
}

/** What the first check or the second one takes. */
export function either(expected: string, first: readonly string[], second: Check): Check {
  return (value, at) => {
    if (typeof value !== 'string') return second(value, at);
    if (!first.includes(value)) throw unexpected(at, expected, value, meant(value, first));
  };
}

/** Any number of elements, within limits. */
export function array(
  element: Check,
  { min = 0, max = Infinity, unique = false }: { min?: number; max?: number; unique?: boolean },
): Check {
  return (value, at) => {
    if (!Array.isArray(value)) throw unexpected(at, 'an array', value);
    if (value.length < min) throw unexpected(at, 'an array that is not empty', value);
    if (value.length > max) throw unexpected(at, `at most ${max} elements`, value);
    value.forEach((one, i) => {
      element(one, `${at}/${i}`);
      if (unique && value.indexOf(one) < i) throw new ConfigError(`${at}/${i}: is there twice`);
    });
  };
}

/** An object with these names alone. */
export function object(checks: Readonly<Record<string, Check>>, ...required: string[]): Check {
  const names = Object.keys(checks);
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw unexpected(at, 'an object', value);
    }
    for (const name of Object.keys(value)) {
      const place = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!Object.hasOwn(checks, name)) {
        throw new ConfigError(
          `${place}: unknown name; ${meant(name, names) ?? `known are ${names.join(', ')}`}`,
        );
      }
      checks[name]!((value as Record<string, unknown>)[name], place);
    }
    const missing = required.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) throw new ConfigError(`${prefix(at)}"${missing}" is missing`);
  };
}

function unexpected(at: string, expected: string, value: unknown, hint?: string): ConfigError {
  const rest = hint === undefined ? '' : `; ${hint}`;
  return new ConfigError(`${prefix(at)}expected ${expected}, got ${shown(value)}${rest}`);
}

/** The pointer of the whole file is the empty one. */
const prefix = (at: string) => (at === '' ? '' : `${at}: `);

function meant(value: unknown, names: readonly string[]): string | undefined {
  const name = typeof value === 'string' ? nearestName(value, names) : undefined;
  return name === undefined ? undefined : `did you mean "${name}"?`;
}

function listed(values: readonly (string | number)[]): string {
  const all = values.map((value) => JSON.stringify(value));
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
