// Defines Channel, the description of a map and of the blocks it takes, and creates the channels of maps with standard blocks:
// one for each pin.

import type { ChannelKind, ChannelRequest } from '@schedhint/native';
import { BlockHints } from '../block/block-hints.js';
import type { StandardBlocks } from '../block/standard-layouts.js';
import type { ChannelParts } from './channel-parts.js';
import type { Pin } from './map-location.js';
import { standardGcRequest, standardRequest } from './standard.js';

/** Describes a map and how hints are written to it. Made by `uptr()`, `layered()` or `tld()`; any number of threads may use one. */
export interface Channel<Blocks = unknown> {
  readonly kind: ChannelKind;
  /** Whether a thread has the standard block: then it has `hints`, `feedback` and `gc`. */
  readonly standard: boolean;
  readonly request: ChannelRequest;
  /**
   * Compares the structs behind the pointers with the types of the map of an id, where this process
   * may read them: what differs, or null. Only for a value of one's own.
   */
  readonly compare?: (mapId: number) => string | null;
  /** How a thread's handle uses it. Not for applications. */
  readonly parts: ChannelParts;
  /** Only for the type checker. */
  readonly blocks?: Blocks;
}

/** A channel with the standard block. */
export interface StandardChannel extends Channel<StandardBlocks> {
  readonly standard: true;
}

/** Whether a value is what `uptr()` and its like make: for what comes from anywhere. */
export function isChannel(value: unknown): value is Channel {
  return Object.isFrozen(value) && typeof (value as Channel | null)?.request?.map === 'string';
}

/** Of all channels of standard blocks; standard-views.ts adds the views. */
export const standardParts: { -readonly [K in keyof ChannelParts]: ChannelParts[K] } = {
  hints: (handle) => handle.look(new BlockHints(handle.words!), BlockHints.move, 0),
  gcRequest: () => standardGcRequest,
};

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
    parts: standardParts,
  });
}
