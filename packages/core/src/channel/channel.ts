// Defines Channel, the description of a map and of the blocks it takes, and creates the channels of maps with __uptr fields.
// There is one cached channel of the standard block for each pin.

import { type ChannelKind, type ChannelRequest, loadAddon, type Slot } from '@schedhint/native';
import { processLayout, threadLayout } from '../block/standard-block.js';
import { typeError } from '../errors.js';
import { type Pointer, pointersOf, type ValueShape } from '../layout/map-value.js';
import type { BlocksOf } from '../view/struct-view.js';
import type { Pin } from './map-location.js';
import { standardRequest } from './standard.js';
import type { TldDescription } from './tld-description.js';

/** Describes a map and how hints are written to it. Made by `uptr()`, `layered()` or `tld()`; any number of threads may use one. */
export interface Channel<Blocks = unknown> {
  readonly kind: ChannelKind;
  /** Whether a thread has the standard block: then it has `hints`, `feedback` and `gc`. */
  readonly standard: boolean;
  readonly request: ChannelRequest;
  readonly pointers: readonly Pointer[];
  /**
   * Compares the structs behind the pointers with the types of the map of an id, where this process
   * may read them: what differs, or null. Only for a value of one's own.
   */
  readonly compare?: (mapId: number) => string | null;
  /** What becomes of hints in a map that takes one number. */
  readonly layered?: LayeredMapping;
  /** Of task local data: what is in it. */
  readonly tld?: TldDescription;
  /** Only for the type checker. */
  readonly blocks?: Blocks;
}

/** The raw views of the standard block. `thread.hints`, `feedback` and `gc` are the better door. */
export type StandardBlocks = BlocksOf<{
  thread: typeof threadLayout;
  process: typeof processLayout;
}>;

/** How hints become scx_layered's one number: 0..1024, or null for the normal one. */
export interface LayeredMapping {
  /** During a collection's pause; null: as otherwise. */
  readonly gc: number | null;
  /** Of an urgency of 1..1024. */
  readonly urgency: (urgency: number) => number | null;
}

/** A channel with the standard block. */
export interface StandardChannel extends Channel<StandardBlocks> {
  readonly standard: true;
}

/** Whether a value is what `uptr()` and its like make: for what comes from anywhere. */
export function isChannel(value: unknown): value is Channel {
  return Object.isFrozen(value) && typeof (value as Channel | null)?.request?.map === 'string';
}

const standardChannels = new Map<string, Map<string, StandardChannel>>();

/** The channel of the standard block: one for each pin, however many threads use it. */
export function standardChannel(pin: Pin): StandardChannel {
  let ofMap = standardChannels.get(pin.map);
  if (ofMap === undefined) {
    ofMap = new Map();
    standardChannels.set(pin.map, ofMap);
  }
  let channel = ofMap.get(pin.broker);
  if (channel === undefined) {
    channel = makeStandardChannel(pin);
    ofMap.set(pin.broker, channel);
  }
  return channel;
}

function makeStandardChannel(pin: Pin): StandardChannel {
  return Object.freeze({
    kind: 'uptr',
    standard: true,
    request: standardRequest(pin),
    pointers: [
      { path: ['thread'], layout: threadLayout },
      { path: ['process'], layout: processLayout },
    ],
  });
}

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
