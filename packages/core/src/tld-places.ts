import { constants } from 'node:os';
import { loadAddon } from '@schedhint/native';
import { rangeError, typeError } from './errors.js';
import { type StructLayout, struct } from './layout.js';
import { at } from './placement.js';
import { TLD_MOST_BYTES, type TldChannel } from './tld.js';
import type { GcName, HintName } from './tld-description.js';

/** Where a channel's values lie in every thread's, in bytes. */
export interface TldPlaces {
  /** Of its own keys; null: it has none. */
  readonly layout: StructLayout | null;
  readonly hints: Readonly<Partial<Record<HintName, { offset: number; per: number }>>>;
  readonly gc: Readonly<Partial<Record<GcName, number>>>;
}

type Place = (name: string, size: number) => number;

const U64 = 8;
const { E2BIG, EEXIST, ENOMEM, ENOSPC } = constants.errno;

const known = new WeakMap<TldChannel, TldPlaces>();

/**
 * Creates what keys there are not yet.
 *
 * @throws TypeError `ERR_TLD_KEY_SIZE` where the process has a key of that name with another size;
 *   RangeError `ERR_TLD_SPACE` where a thread's values have no room for one, `ERR_TLD_KEYS` where
 *   there are 63
 */
export function placesOf(channel: TldChannel): TldPlaces {
  let places = known.get(channel);
  if (places === undefined) {
    places = createIn(channel, placing(channel.tld.dynamicBytes));
    known.set(channel, places);
  }
  return places;
}

function createIn({ tld }: TldChannel, place: Place): TldPlaces {
  // In the order of creation, which some readers count on.
  const own = Object.entries(tld.keys).map(
    ([name, type]) => [name, at(place(name, type.size), type)] as const,
  );
  const hints: Partial<Record<HintName, { offset: number; per: number }>> = {};
  for (const [hint, { key, per }] of Object.entries(tld.hints)) {
    hints[hint as HintName] = { offset: place(key, U64), per };
  }
  const gc: Partial<Record<GcName, number>> = {};
  for (const [name, key] of Object.entries(tld.gc)) gc[name as GcName] = place(key, U64);
  own.sort(([, a], [, b]) => a.offset - b.offset);
  return { layout: own.length > 0 ? struct('tld', Object.fromEntries(own)) : null, hints, gc };
}

/** A function that finds or makes the place of a key. */
function placing(dynamicBytes: number): Place {
  const loaded = loadAddon();
  const inPrivateMemory = privately();
  if (!('addon' in loaded)) return inPrivateMemory;
  return (name, size) => {
    const offset = loaded.addon.tldKey(name, size, dynamicBytes);
    if (offset >= 0) return offset;
    if (offset === -ENOMEM) return inPrivateMemory(name, size); // the status will say so
    throw refused(-offset, name, size);
  };
}

/** Where nobody else sees the values. */
function privately(): Place {
  const places = new Map<string, number>();
  let end = 0;
  return (name, size) => {
    const place = places.get(name) ?? end;
    if (place === end) {
      places.set(name, end);
      end += Math.ceil(size / U64) * U64;
      if (end > TLD_MOST_BYTES) throw refused(E2BIG, name, size);
    }
    return place;
  };
}

function refused(errno: number, name: string, size: number): Error {
  switch (errno) {
    case EEXIST:
      return typeError(
        'ERR_TLD_KEY_SIZE',
        `tld: this process has a key ${name} of another size than ${size} bytes already: give it that size, or another name`,
      );
    case ENOSPC:
      return rangeError(
        'ERR_TLD_KEYS',
        `tld: this process has 63 keys already: no room for ${name}`,
      );
    default:
      return rangeError(
        'ERR_TLD_SPACE',
        `tld: no room for ${name} of ${size} bytes: a thread's values have ${TLD_MOST_BYTES} bytes, and what is created after the first thread has attached only dynamicBytes: attach this channel first`,
      );
  }
}
