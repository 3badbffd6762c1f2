import type { Addon, AttachmentHandle } from '@schedhint/native';
import type { StoreInBlock } from './standard-request.js';

/** Where a block lies. The buffer is never handed out: `transfer()` would detach it from its page. */
export interface BlockPlace {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

/** The blocks of so many slots; null if one of them cannot be had. */
export function placesIn(
  addon: Addon,
  handle: AttachmentHandle,
  slots: number,
): readonly BlockPlace[] | null {
  const places: BlockPlace[] = new Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    const buffer = addon.page(handle, slot);
    if (buffer === null) return null;
    places[slot] = { buffer, offset: addon.offset(handle, slot) };
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
