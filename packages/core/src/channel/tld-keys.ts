// Creates a channel's task local data keys in the process and caches their
// offsets. Without the addon, it assigns offsets in private memory instead.

import { constants } from 'node:os';
import { loadAddon } from '@schedhint/native';
import { rangeError, typeError } from '../errors.js';
import { at } from '../layout/placement.js';
import { structOfAnyNames } from '../layout/struct.js';
import type { StructLayout } from '../layout/types.js';
import {
  type GcName,
  type HintName,
  TLD_DYNAMIC_BYTES_VARIABLE,
  TLD_MOST_BYTES,
  type TldChannel,
} from './tld-description.js';

/** The offsets of a channel's values within the values of each thread, in bytes. */
export interface TldPlaces {
  /** Of the keys that the caller named; null: it named none. */
  readonly layout: StructLayout | null;
  readonly hints: Readonly<Partial<Record<HintName, { offset: number; per: number }>>>;
  readonly gc: Readonly<Partial<Record<GcName, number>>>;
}

/** A value by its key, and its size in bytes. */
interface Value {
  readonly name: string;
  readonly size: number;
}

const U64 = 8;
const { E2BIG, EEXIST, ENOMEM, ENOSPC } = constants.errno;

const known = new WeakMap<TldChannel, TldPlaces>();

/**
 * Creates what keys there are not yet: all, or none if it throws.
 *
 * @throws TypeError `ERR_SCHEDHINT_TLD_KEY_SIZE` where the process has a key of that name with another size;
 *   RangeError `ERR_SCHEDHINT_TLD_SPACE` where a thread's values have no room for one, `ERR_SCHEDHINT_TLD_KEYS` where
 *   there are 63
 */
export function placesOf(channel: TldChannel): TldPlaces {
  let places = known.get(channel);
  if (places === undefined) {
    places = createIn(channel);
    known.set(channel, places);
  }
  return places;
}

function createIn({ tld }: TldChannel): TldPlaces {
  const own = Object.entries(tld.keys);
  const hinted = Object.entries(tld.hints);
  const collected = Object.entries(tld.gc);
  // In the order of creation, which some readers count on.
  const values: Value[] = [
    ...own.map(([name, { size }]) => ({ name, size })),
    ...hinted.map(([, { key }]) => ({ name: key, size: U64 })),
    ...collected.map(([, key]) => ({ name: key, size: U64 })),
  ];
  const places = inProcess(values, tld.dynamicBytes) ?? inPrivateMemory(values);

  const fields = own.map(([name, type], i) => [name, at(places[i]!, type)] as const);
  fields.sort(([, a], [, b]) => a.offset - b.offset);
  const hints = hinted.map(([hint, { per }], i) => [
    hint,
    { offset: places[own.length + i]!, per },
  ]);
  const gc = collected.map(([name], i) => [name, places[own.length + hinted.length + i]!]);
  return {
    layout: fields.length > 0 ? structOfAnyNames('tld', Object.fromEntries(fields)) : null,
    hints: Object.fromEntries(hints) as TldPlaces['hints'],
    gc: Object.fromEntries(gc) as TldPlaces['gc'],
  };
}

/** Where BPF programs find them. Null: there is no addon, or no memory, and the status says so. */
function inProcess(values: readonly Value[], dynamicBytes: number): Uint32Array | null {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return null;
  const names = values.map(({ name }) => name).join('\0');
  const sizes = Uint32Array.from(values, ({ size }) => size);
  const places = new Uint32Array(Math.max(1, values.length));
  const error = loaded.addon.tldKeys(names, sizes, dynamicBytes, places);
  if (error === 0) return places;
  if (error === -ENOMEM) return null;
  throw refused(-error, values[places[0]!]!, loaded.addon.tldRoom());
}

/** Where no other program sees the values. */
function inPrivateMemory(values: readonly Value[]): readonly number[] {
  const places = new Map<string, number>();
  let end = 0;
  for (const value of values) {
    if (places.has(value.name)) continue;
    places.set(value.name, end);
    const bytes = Math.ceil(value.size / U64) * U64;
    end += bytes;
    if (end > TLD_MOST_BYTES) throw refused(E2BIG, value, TLD_MOST_BYTES - (end - bytes));
  }
  return values.map(({ name }) => places.get(name)!);
}

/** @param room bytes that are left; -1: not known */
function refused(errno: number, { name, size }: Value, room: number): Error {
  switch (errno) {
    case EEXIST:
      return typeError(
        'ERR_SCHEDHINT_TLD_KEY_SIZE',
        `tld: this process has a key ${name} of another size than ${size} bytes already: give it that size, or another name`,
      );
    case ENOSPC:
      return rangeError(
        'ERR_SCHEDHINT_TLD_KEYS',
        `tld: this process has 63 keys already: no room for ${name}`,
      );
    default:
      return rangeError(
        'ERR_SCHEDHINT_TLD_SPACE',
        `tld: no room for ${name} of ${size} bytes: ${room < 0 ? '' : `${room} bytes are left before this channel's keys; `}a thread's values have ${TLD_MOST_BYTES} bytes, and what is created after the first thread has attached only dynamicBytes: attach this channel first, or set ${TLD_DYNAMIC_BYTES_VARIABLE} (with schedhint/register, which attaches before the application)`,
      );
  }
}
