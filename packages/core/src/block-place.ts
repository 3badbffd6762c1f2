import type { Addon, AttachmentHandle } from '@schedhint/native';

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

/** Private memory in its place, with the same bytes. */
export function copyOf({ buffer, offset }: BlockPlace, size: number): BlockPlace {
  return { buffer: buffer.slice(offset, offset + size), offset: 0 };
}
