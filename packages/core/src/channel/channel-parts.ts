// Defines what a channel adds to the handle of a thread: its hints, its views, where its collections go. Each kind of channel brings
// these functions along, so a process loads only those of the channels that it uses.

import type { GcRequest } from '@schedhint/native';
import type { BlockWords } from '../block/block-arrays.js';
import type { Hints } from '../block/hints.js';
import type { Move } from '../view/typed-memory.js';

/** Where a block lies. The buffer is never handed out: `transfer()` would detach it from its page. */
export interface BlockPlace {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

/** What a handle gives to those that look at its memory. */
export interface Looking {
  /** Of the standard block; undefined where the channel has others. */
  readonly words: BlockWords | undefined;
  /** By pointer of the map's value. */
  readonly places: readonly BlockPlace[];
  /** Has `view` moved when the memory behind the slot moves; it looks at `offset` bytes from the block's start. */
  look<V extends object>(view: V, move: Move<V>, slot: number, offset?: number): V;
  /** Keeps the handle alive as long as this object. */
  keepFor(object: object): void;
  /** Of a layered channel: 0..1024, or -1 for none. */
  setHint(hint: number): void;
}

/** What differs between the kinds of channels. Not for applications. */
export interface ChannelParts {
  /** Called before a thread is bound. */
  readonly prepare?: () => void;
  /** Creates what writes a thread's hints; absent: the channel carries none. */
  readonly hints?: (handle: Looking) => Hints;
  /** Creates the views of `thread.blocks`. */
  readonly blocks?: (handle: Looking) => unknown;
  /** Where the channel has its collections written; absent, or null: nowhere. */
  readonly gcRequest?: () => GcRequest | null;
}
