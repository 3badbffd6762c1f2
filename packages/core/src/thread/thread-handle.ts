// Implements the handles on a thread's blocks and creates their views lazily. When
// a handle is stopped, its views move to private copies of the blocks.

import { BlockWords } from '../block/block-arrays.js';
import { Feedback, type WithoutReader } from '../block/feedback.js';
import { GcState } from '../block/gc-state.js';
import type { Hints } from '../block/hints.js';
import type { StandardBlocks } from '../block/standard-layouts.js';
import type { Channel } from '../channel/channel.js';
import type { BlockPlace, Looking } from '../channel/channel-parts.js';
import type { Move } from '../view/typed-memory.js';
import { type Status, unavailable } from './status.js';
import type { StatusListener } from './status-events.js';
import type { Stoppable } from './stoppable.js';
import { type Follower, ThreadBlocks } from './thread-binding.js';

/** A handle on a thread, in whichever channel. It ends with the thread. */
export interface AttachedThread {
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Whether the kernel holds the blocks, and if not, why. */
  readonly status: Status;
  /**
   * Calls the listener with the new status when the blocks were bound, unbound, bound to another map,
   * or could not be for another reason: on this thread's event loop, soon after. Until it is stopped,
   * or the handle ends. An exception of a listener is an uncaught one; the other listeners still run.
   *
   * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is no function
   */
  onStatus(listener: StatusListener): Stoppable;
}

/** A handle on a thread with the standard block. */
export interface StandardThread extends AttachedThread {
  /** The thread's hints to the scheduler. */
  readonly hints: Hints;
  /** What the scheduler knows about the thread. */
  readonly feedback: Feedback;
  /** The thread's collections, as the scheduler sees them. */
  readonly gc: GcState;
}

/** A handle on a thread, with its blocks. */
export interface Thread<Blocks = unknown> extends AttachedThread {
  /** Views of the structs behind the pointers of the map's value, by the value's own names. */
  readonly blocks: Blocks;
}

/** A handle on a thread with the standard block, and the views of it. */
export interface HintedThread extends Thread<StandardBlocks>, StandardThread {}

/** A handle on a thread whose channel carries hints, but not the standard block. */
export interface HintingThread<Blocks = unknown> extends Thread<Blocks> {
  /** The thread's hints to the scheduler. */
  readonly hints: Hints;
}

/** The handle that a channel gives. */
export type ThreadOf<C> = C extends { readonly standard: true }
  ? HintedThread
  : C extends { readonly kind: 'tld' } & Channel<infer Blocks>
    ? HintingThread<Blocks>
    : Thread<C extends Channel<infer Blocks> ? Blocks : never>;

/**
 * A handle that gives its blocks back when it is stopped: its views then keep their last values, in
 * private memory. The thread is unbound when its last scoped handle is stopped, unless somebody has
 * the thread's own handle (`attachThread()` without `scoped`). One that is dropped and not stopped
 * keeps its blocks until the thread ends.
 */
export type ScopedThread<T extends object = HintedThread> = T & Stoppable;

/** Looks at the memory behind a slot, so many bytes from its start. Links of a chain. */
interface Link {
  readonly view: object;
  readonly move: Move<never>;
  readonly slot: number;
  readonly offset: number;
  readonly next: Link | undefined;
}

/**
 * By what looks at memory, the handle that moves it: a view that an app has kept must move even if
 * the app has dropped the handle.
 */
const handleOf = new WeakMap<object, Handle>();

/** What the interfaces above promise; `hints`, `feedback` and `gc` only with the standard block. */
export class Handle {
  /** An own property, made by the constructor: an accessor is a load more for each use on Node.js 20. */
  declare readonly hints: Hints | undefined;
  readonly #channel: Channel;
  /** Null when the handle has ended. */
  #held: ThreadBlocks | null;
  #ended: Status | undefined;
  /** The same, also when the handle has ended. */
  readonly #all: ThreadBlocks;
  readonly #follower: Follower;
  #places: readonly BlockPlace[];
  #blocks: unknown;
  /** Of the standard block. */
  readonly #words: BlockWords | undefined;
  #feedback: Feedback | undefined;
  #gc: GcState | undefined;
  /** Everything above that looks at memory. */
  #views: Link | undefined;

  /**
   * @param hold `strong` for a handle that somebody will {@link end}; `weak` for one that ends with
   *   the thread, and earlier if no code has it or a view of it
   */
  constructor(channel: Channel, blocks: ThreadBlocks, hold: 'strong' | 'weak') {
    this.#channel = channel;
    this.#held = blocks;
    this.#all = blocks;
    this.#places = blocks.places;
    const { buffer, offset } = this.#places[0]!;
    if (channel.standard) this.#words = new BlockWords(buffer, offset);
    const hints = channel.parts.hints?.(this.#asSeen());
    Object.defineProperty(this, 'hints', { value: hints, enumerable: true });
    blocks.acquire();
    this.#follower = blocks.onMove(this, Handle.#move, hold);
  }

  get tid(): number {
    return this.#held?.tid ?? 0;
  }

  onStatus(listener: StatusListener): Stoppable {
    const stopping = this.#all.listeners.add('onStatus', listener, this);
    if (this.#held === null) stopping.stop();
    return stopping;
  }

  get status(): Status {
    return this.#held?.status ?? this.#ended!;
  }

  // Most views are made when they are first asked for: most threads use one or two of them.
  get blocks(): unknown {
    this.#blocks ??= this.#channel.parts.blocks?.(this.#asSeen());
    return this.#blocks;
  }

  get feedback(): Feedback | undefined {
    if (this.#words !== undefined) {
      this.#feedback ??= this.#looking(
        new Feedback(this.#words, this.#asMeasured()),
        Feedback.move,
        0,
      );
    }
    return this.#feedback;
  }

  get gc(): GcState | undefined {
    if (this.#words !== undefined) {
      this.#gc ??= this.#looking(new GcState(this.#words), GcState.move, 0);
    }
    return this.#gc;
  }

  /** What a handle holds, and by which channel; null when it has ended. */
  static held(thread: AttachedThread): { blocks: ThreadBlocks; channel: Channel } | null {
    if (!(#held in thread) || thread.#held === null) return null;
    return { blocks: thread.#held, channel: thread.#channel };
  }

  /** The blocks that hints of a handle write to; null when it has ended, undefined for what no handle has. */
  static writtenBy(hints: object): ThreadBlocks | null | undefined {
    const handle = handleOf.get(hints);
    return handle === undefined ? undefined : handle.#held;
  }

  /** Gives the blocks back. Idempotent. @param status of the handle from now on */
  static end(handle: Handle, status: Status): void {
    const held = handle.#held;
    if (held === null) return;
    handle.#held = null;
    handle.#ended = status;
    held.offMove(handle.#follower);
    held.unlisten(handle);
    // A view that somebody has kept must not write into the memory of its next owner.
    Handle.#move(handle, held.copyPlaces());
    held.release();
  }

  static #move(handle: Handle, places: readonly BlockPlace[]): void {
    handle.#places = places;
    for (let one = handle.#views; one !== undefined; one = one.next) {
      const { buffer, offset } = places[one.slot]!;
      one.move(one.view as never, buffer, offset + one.offset);
    }
  }

  #looking<V extends object>(view: V, move: Move<V>, slot: number, offset = 0): V {
    this.#views = { view, move, slot, offset, next: this.#views };
    handleOf.set(view, this);
    return view;
  }

  /** For the feedback; nothing is measured for a handle that has ended. */
  #asMeasured(): WithoutReader {
    const held = () => this.#held;
    return {
      get hasReader() {
        return held()?.hasReader ?? false;
      },
      usage: () => held()?.usage() ?? null,
    };
  }

  /** For what looks at its memory and is made by the channel. */
  #asSeen(): Looking {
    return {
      words: this.#words,
      places: this.#places,
      look: (view, move, slot, offset) => this.#looking(view, move, slot, offset),
      keepFor: (object) => handleOf.set(object, this),
      setHint: (hint) => this.#held?.setHint(hint),
    };
  }
}

/** What {@link ScopedThread} promises. */
export class ScopedHandle extends Handle implements Stoppable {
  constructor(channel: Channel, blocks: ThreadBlocks) {
    super(channel, blocks, 'strong');
  }

  stop(): void {
    Handle.end(this, unavailable('ERR_SCHEDHINT_STOPPED', 'this handle was stopped'));
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** By channel: a thread has one handle in each. */
const ofThread = new WeakMap<Channel, Handle>();

/** The calling thread's handle, which ends with it: always the same in a channel. */
export function handleOfThread(channel: Channel): Handle {
  let handle = ofThread.get(channel);
  if (handle === undefined) {
    handle = new Handle(channel, ThreadBlocks.own(channel), 'weak');
    ofThread.set(channel, handle);
  }
  return handle;
}
