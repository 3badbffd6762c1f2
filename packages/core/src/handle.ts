import type { EventEmitter } from 'node:events';
import { BlockHints } from './block-hints.js';
import type { BlockPlace } from './block-place.js';
import { BlockWords } from './block-words.js';
import type { Channel, StandardBlocks } from './channel.js';
import { Feedback } from './feedback.js';
import { GcState } from './gc-state.js';
import type { Hints } from './hints.js';
import { LayeredHints } from './layered-hints.js';
import type { Move } from './memory.js';
import { type Status, unavailable } from './status.js';
import type { ThreadBlocks } from './thread-blocks.js';
import { TLD_HEADER, type TldChannel } from './tld.js';
import { TldHints } from './tld-hints.js';
import { placesOf } from './tld-places.js';
import { createView, rebase } from './view.js';

/** A handle on a thread's blocks. Each call that returns one counts; `detach()` gives it back. */
export interface Thread<Blocks = unknown> {
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Views of the structs behind the pointers of the map's value, by the value's own names. */
  readonly blocks: Blocks;
  /** Whether the kernel holds the blocks, and if not, why. Asked anew at each read. */
  readonly status: Status;
  /**
   * Emits `status` with the new one when the blocks were bound, unbound, bound to another map, or
   * could not be for another reason: on this thread's event loop, soon after. Shared by all handles
   * on the same blocks.
   */
  readonly events: EventEmitter<{ status: [Status] }>;
  /**
   * Gives this handle back: its views live on over private memory with the last values, so that
   * nothing throws. The thread is unbound with its last handle. Again: does nothing.
   */
  detach(): void;
  /** The same, for `using`. Not in a module's own scope: it would detach once that has run. */
  [Symbol.dispose](): void;
}

/** A handle on a thread with the standard block. */
export interface HintedThread extends Thread<StandardBlocks> {
  /** What the thread tells the scheduler. */
  readonly hints: Hints;
  /** What the scheduler knows about the thread. */
  readonly feedback: Feedback;
  /** The thread's collections, as the scheduler sees them. */
  readonly gc: GcState;
}

/** A handle on a thread whose channel carries hints, but not the standard block. */
export interface HintingThread<Blocks = unknown> extends Thread<Blocks> {
  /** What the thread tells the scheduler. */
  readonly hints: Hints;
}

/** The handle that a channel gives. */
export type ThreadOf<C> = C extends { readonly standard: true }
  ? HintedThread
  : C extends { readonly kind: 'tld' } & Channel<infer Blocks>
    ? HintingThread<Blocks>
    : Thread<C extends Channel<infer Blocks> ? Blocks : never>;

/** Looks at the memory behind a slot, so many bytes from its start. Links of a chain. */
interface Looking {
  readonly view: object;
  readonly move: Move<never>;
  readonly slot: number;
  readonly offset: number;
  readonly next: Looking | undefined;
}

/** What the interfaces above promise; `hints`, `feedback` and `gc` only with the standard block. */
export class Handle {
  /** A property of its own, made at once: an accessor is a load more for each use on Node.js 20. */
  declare readonly hints: Hints | undefined;
  readonly #channel: Channel;
  #held: ThreadBlocks | null;
  /** The same, also when the handle is detached. */
  readonly #all: ThreadBlocks;
  #places: readonly BlockPlace[];
  #blocks: unknown;
  /** Of the standard block. */
  readonly #words: BlockWords | undefined;
  #feedback: Feedback | undefined;
  #gc: GcState | undefined;
  /** Everything above that looks at memory. */
  #views: Looking | undefined;

  constructor(channel: Channel, blocks: ThreadBlocks) {
    this.#channel = channel;
    this.#held = blocks;
    this.#all = blocks;
    this.#places = blocks.places;
    const { buffer, offset } = this.#places[0]!;
    if (channel.standard) this.#words = new BlockWords(buffer, offset);
    Object.defineProperty(this, 'hints', { value: this.#newHints(), enumerable: true });
    blocks.acquire();
    blocks.onMove(this, Handle.#move);
  }

  get tid(): number {
    return this.#held?.tid ?? 0;
  }

  get events(): EventEmitter<{ status: [Status] }> {
    return this.#all.events;
  }

  get status(): Status {
    return this.#held?.status ?? unavailable('ERR_DETACHED', 'this handle was detached');
  }

  // Most views are made when they are first asked for: most threads use one or two of them.
  get blocks(): unknown {
    this.#blocks ??= this.#viewAll();
    return this.#blocks;
  }

  #newHints(): Hints | undefined {
    const { tld, layered } = this.#channel;
    if (tld !== undefined) {
      const places = placesOf(this.#channel as TldChannel);
      const { buffer, offset } = this.#places[0]!;
      const hints = new TldHints(buffer, offset + TLD_HEADER, places);
      return this.#looking(hints, TldHints.move, 0, TLD_HEADER);
    }
    if (this.#words === undefined) return undefined;
    const values = new BlockHints(this.#words);
    if (layered === undefined) return this.#looking(values, BlockHints.move, 0);
    const publish = (hint: number) => this.#held?.setHint(hint);
    return this.#looking(new LayeredHints(values, layered, publish), LayeredHints.move, 0);
  }

  get feedback(): Feedback | undefined {
    if (this.#words !== undefined) {
      this.#feedback ??= this.#looking(new Feedback(this.#words), Feedback.move, 0);
    }
    return this.#feedback;
  }

  get gc(): GcState | undefined {
    if (this.#words !== undefined) {
      this.#gc ??= this.#looking(new GcState(this.#words), GcState.move, 0);
    }
    return this.#gc;
  }

  detach(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    held.offMove(this);
    // A view that somebody has kept must not write into the memory of its next owner.
    Handle.#move(this, held.copyPlaces());
    held.release();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** What a handle holds, and by which channel; null when it is detached. */
  static held(thread: Thread): { blocks: ThreadBlocks; channel: Channel } | null {
    if (!(#held in thread) || thread.#held === null) return null;
    return { blocks: thread.#held, channel: thread.#channel };
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
    return view;
  }

  #viewAll(): unknown {
    if (this.#channel.tld !== undefined) {
      const { layout } = placesOf(this.#channel as TldChannel);
      if (layout === null) return Object.freeze({});
      const { buffer, offset } = this.#places[0]!;
      const view = createView(layout, buffer, offset + TLD_HEADER);
      return this.#looking(view, rebase, 0, TLD_HEADER);
    }
    const blocks: Record<string, unknown> = {};
    this.#channel.pointers.forEach(({ path, layout }, slot) => {
      let at = blocks;
      for (const name of path.slice(0, -1)) {
        at[name] ??= {};
        at = at[name] as Record<string, unknown>;
      }
      const { buffer, offset } = this.#places[slot]!;
      at[path.at(-1)!] = this.#looking(createView(layout, buffer, offset), rebase, slot);
    });
    return blocks;
  }
}
