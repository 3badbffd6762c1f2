// Maps the addon's page numbers and offsets to ArrayBuffers, each cached by its
// page number, and stores into and copies blocks there.

import type { Addon } from '@schedhint/native';
import type { BlockPlace } from '../channel/channel-parts.js';
import type { StoreInBlock } from '../channel/standard.js';

/** By the numbers that the addon gives them. */
const pages: ArrayBuffer[] = [];

/** What the addon has returned for the blocks of so many slots; null if one of them is not available. */
export function placesIn(
  addon: Addon,
  told: Float64Array,
  slots: number,
): readonly BlockPlace[] | null {
  const places: BlockPlace[] = new Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    const number = told[2 * slot]!;
    if (number < 0) return null;
    const buffer = pages[number] ?? addon.page(number);
    if (buffer === null) return null;
    pages[number] = buffer;
    places[slot] = { buffer, offset: told[2 * slot + 1]! };
  }
  return places;
}

/** Stores into blocks at places. */
export function storingTo(places: readonly BlockPlace[]): StoreInBlock {
  return (slot, at, bytes, value) => {
    const { buffer, offset } = places[slot]!;
    if (bytes === 2) new Uint16Array(buffer)[(offset + at) / 2] = value;
    else new Uint32Array(buffer)[(offset + at) / 4] = value;
  };
}

/** Private memory in its place, with the same bytes. */
export function copyOf({ buffer, offset }: BlockPlace, size: number): BlockPlace {
  return { buffer: buffer.slice(offset, offset + size), offset: 0 };
}
