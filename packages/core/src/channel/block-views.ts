// Creates the views of a thread's blocks, by the names that the map's value gives them.

import type { Pointer } from '../layout/map-value.js';
import type { StructLayout } from '../layout/types.js';
import { createView, rebase } from '../view/struct-view.js';
import { childrenOf, type Memory, memoryOf } from '../view/typed-memory.js';
import type { ChannelParts, Looking } from './channel-parts.js';

/** Makes a channel's views: one for each pointer, nested as the pointers are in the value. */
export function viewsOf(pointers: readonly Pointer[]): NonNullable<ChannelParts['blocks']> {
  return (handle) => {
    const blocks: Record<string, unknown> = {};
    pointers.forEach(({ path, layout }, slot) => {
      let at = blocks;
      for (const name of path.slice(0, -1)) {
        at[name] ??= {};
        at = at[name] as Record<string, unknown>;
      }
      at[path.at(-1)!] = viewIn(handle, layout, slot);
    });
    return blocks;
  };
}

/** A view of a struct that lies in the block behind a slot. An app may drop it and keep one that is nested in it. */
export function viewIn(handle: Looking, layout: StructLayout, slot: number, offset = 0): object {
  const place = handle.places[slot]!;
  const view = createView(layout, place.buffer, place.offset + offset);
  const keep = (memory: Memory): void => {
    handle.keepFor(memory);
    for (const child of childrenOf(memory)) keep(child.memory);
  };
  keep(memoryOf(view));
  return handle.look(view, rebase, slot, offset);
}
