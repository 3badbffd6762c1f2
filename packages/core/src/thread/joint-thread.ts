// Combines the handles of one thread in several channels into one joint handle.
// Attaching is all or nothing: if one channel throws, the others are released.

import type { Hints } from '../block/hints.js';
import type { Channel } from '../channel/channel.js';
import { JointHints } from './joint-hints.js';
import type { Status } from './status.js';
import type { StatusListener } from './status-events.js';
import { type Stoppable, stoppable } from './stoppable.js';
import { ThreadBlocks } from './thread-binding.js';
import {
  type Handle,
  handleOfThread,
  ScopedHandle,
  type Thread,
  type ThreadOf,
} from './thread-handle.js';

/** The type of `hints` on a joint handle: undefined where none of the channels carries hints. */
export type HintsIn<C extends readonly Channel[]> = number extends C['length']
  ? Hints | undefined
  : [Extract<C[number], { readonly standard: true } | { readonly kind: 'tld' }>] extends [never]
    ? undefined
    : Hints;

/** A handle on one thread in several channels: one hint for several schedulers. */
export interface JointThread<C extends readonly Channel[] = readonly Channel[]> {
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Writes to every channel that carries hints, and reads what the first of them has. */
  readonly hints: HintsIn<C>;
  /** A handle for each channel, in their order: its blocks, its own status. */
  readonly threads: { readonly [K in keyof C]: ThreadOf<C[K]> };
  /** That of the first channel. */
  readonly status: Status;
  /** One for each channel, in their order. */
  readonly statuses: readonly Status[];
  /** Calls the listener with the new status when that of any channel has changed, see {@link Thread.onStatus}. */
  onStatus(listener: StatusListener): Stoppable;
}

/** What the interface above promises. */
export class JointHandle {
  declare readonly hints: Hints | undefined;
  readonly #threads: readonly Handle[];

  constructor(threads: readonly Handle[]) {
    this.#threads = Object.freeze(threads);
    const all = threads.map(({ hints }) => hints).filter((hints) => hints !== undefined);
    const hints = all.length > 0 ? new JointHints(all) : undefined;
    Object.defineProperty(this, 'hints', { value: hints, enumerable: true });
  }

  get tid(): number {
    return this.#threads[0]!.tid;
  }

  get threads(): readonly Handle[] {
    return this.#threads;
  }

  get status(): Status {
    return this.#threads[0]!.status;
  }

  get statuses(): readonly Status[] {
    return this.#threads.map(({ status }) => status);
  }

  onStatus(listener: StatusListener): Stoppable {
    const each = this.#threads.map((thread) => thread.onStatus(listener));
    return stoppable(() => {
      for (const one of each) one.stop();
    });
  }

  /** The handles of one that has several, or the one that it is. */
  static each(thread: object): readonly Thread[] {
    return #threads in thread ? thread.#threads : [thread as Thread];
  }
}

/** With handles that are this one's alone. */
class ScopedJointHandle extends JointHandle implements Stoppable {
  readonly #scoped: readonly ScopedHandle[];

  constructor(threads: readonly ScopedHandle[]) {
    super(threads);
    this.#scoped = threads;
  }

  stop(): void {
    for (const thread of this.#scoped) thread.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

export function scopedHandleIn(channels: readonly Channel[]): JointHandle & Stoppable {
  return withBlocksOf(channels, (blocks) => {
    return new ScopedJointHandle(
      channels.map((channel, k) => new ScopedHandle(channel, blocks[k]!)),
    );
  });
}

/** The joint handles that begin with the same handles. */
interface Known {
  joint?: JointHandle;
  readonly next: WeakMap<Handle, Known>;
}

const known: Known = { next: new WeakMap() };

/** The calling thread's joint handle, which ends with it: always the same for the same channels. */
export function handleOfThreadIn(channels: readonly Channel[]): JointHandle {
  return withBlocksOf(channels, () => {
    const handles = channels.map(handleOfThread);
    let found = known;
    for (const handle of handles) {
      const next = found.next.get(handle) ?? { next: new WeakMap() };
      found.next.set(handle, next);
      found = next;
    }
    found.joint ??= new JointHandle(handles);
    return found.joint;
  });
}

/** Attaches in all channels or, if one of them throws, in none that was not attached before. */
function withBlocksOf<R>(
  channels: readonly Channel[],
  use: (blocks: readonly ThreadBlocks[]) => R,
): R {
  const all: ThreadBlocks[] = [];
  try {
    for (const channel of channels) {
      const blocks = ThreadBlocks.own(channel);
      blocks.acquire();
      all.push(blocks);
    }
    return use(all);
  } finally {
    for (const blocks of all) blocks.release();
  }
}
