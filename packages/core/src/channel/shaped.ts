// Describes a map whose value has structs of a scheduler's own: its request, and the pointers in it.

import { type ChannelRequest, loadAddon, type Slot } from '@schedhint/native';
import { typeError } from '../errors.js';
import { pointersOf, type ValueShape } from '../layout/map-value.js';
import type { Pin } from './map-location.js';

const SMALLEST_PAGE = 4096;
const LARGEST_PAGE = 65536;

/** The most that a struct may have. Without the addon nothing is ever bound, so any kernel's will do. */
function mostBytes(size: number): number {
  if (size <= SMALLEST_PAGE) return SMALLEST_PAGE; // is no reason to load the addon
  const loaded = loadAddon();
  return 'addon' in loaded ? loaded.addon.pageSize : LARGEST_PAGE;
}

/**
 * What a value's shape asks for.
 *
 * @throws TypeError `ERR_SCHEDHINT_LAYOUT` for one without a pointer or with a struct that is larger than a page
 */
export function shapedChannel(pin: Pin, value: ValueShape) {
  const { size, pointers } = pointersOf(value);
  if (pointers.length === 0) {
    throw typeError(
      'ERR_SCHEDHINT_LAYOUT',
      'value: expected at least one struct for a __uptr to point to',
    );
  }
  const slots = pointers.map(({ offset, path, layout }): Slot => {
    const page = mostBytes(layout.size);
    if (layout.size > page) {
      throw typeError(
        'ERR_SCHEDHINT_LAYOUT',
        `${path.join('.')}: ${layout.name} has ${layout.size} bytes; the kernel pins one page, ${page}`,
      );
    }
    return { offset, size: layout.size, owner: 'thread' };
  });
  const request: ChannelRequest = {
    kind: 'uptr',
    ...pin,
    valueSize: size,
    slots,
    countSlot: -1,
    countOffset: 0,
  };
  return { request, pointers };
}
