// Creates channels for task-storage maps with __uptr fields: with the standard
// block, or with structs that the application describes.

import { mapComparison } from '../btf/bridge/map-comparison.js';
import { checkOptions } from '../errors.js';
import type { ValueShape } from '../layout/map-value.js';
import type { BlocksOf } from '../view/struct-view.js';
import { viewsOf } from './block-views.js';
import { type Channel, type StandardChannel, standardChannel } from './channel.js';
import { type Pin, pinOf } from './map-location.js';
import { shapedChannel } from './shaped.js';
import { viewStandardBlocks } from './standard-views.js';

/**
 * A map with `__uptr` fields (Linux 6.13) and the standard block behind them.
 *
 * @param options.map path of the pinned map; by default `SCHEDHINT_MAP`, else {@link DEFAULT_PIN}
 * @param options.broker socket of the `schedhint-broker` to ask where the map may not be opened; by
 *   default `SCHEDHINT_BROKER`, else {@link DEFAULT_BROKER}; empty: none
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid path
 */
export function uptr(options?: {
  readonly map?: string;
  readonly broker?: string;
}): StandardChannel;
/**
 * A map with `__uptr` fields and a scheduler's own structs behind them.
 *
 * ```ts
 * uptr({ map: '/sys/fs/bpf/datamap', value: { udata: userData } });
 * ```
 *
 * @param options.map path of the pinned map; by default `SCHEDHINT_MAP`, else {@link DEFAULT_PIN}
 * @param options.broker socket of the `schedhint-broker` to ask where the map may not be opened; by
 *   default `SCHEDHINT_BROKER`, else {@link DEFAULT_BROKER}; empty: none
 * @param options.value the map's value: a layout for each pointer, see {@link ValueShape}
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid path, `ERR_SCHEDHINT_LAYOUT` for a value without a pointer
 *   or with a struct that is larger than a page of this kernel (4096 bytes; on arm64 up to 65536)
 */
export function uptr<const V extends ValueShape>(options: {
  readonly map?: string;
  readonly broker?: string;
  readonly value: V;
}): Channel<BlocksOf<V>>;
export function uptr(
  options: { readonly map?: string; readonly broker?: string; readonly value?: ValueShape } = {},
): Channel {
  checkOptions('uptr', options, ['map', 'broker', 'value']);
  const pin = pinOf(options);
  if (options.value !== undefined) return customChannel(pin, options.value);
  viewStandardBlocks();
  return standardChannel(pin);
}

function customChannel(pin: Pin, value: ValueShape): Channel {
  const { request, pointers } = shapedChannel(pin, value);
  return Object.freeze({
    kind: 'uptr',
    standard: false,
    request,
    compare: mapComparison(pin.map, pointers),
    parts: { blocks: viewsOf(pointers) },
  });
}
