import { EventEmitter } from 'node:events';
import type { Channel } from './channel.js';
import { Handle, type Thread, type ThreadOf } from './handle.js';
import type { Hints } from './hints.js';
import { JointHints } from './joint-hints.js';
import type { Status } from './status.js';
import { ThreadBlocks } from './thread-blocks.js';

/** What several channels have of hints: nothing, where none of them carries any. */
export type HintsIn<C extends readonly Channel[]> = number extends C['length']
  ? Hints | undefined
  : [Extract<C[number], { readonly standard: true } | { readonly kind: 'tld' }>] extends [never]
    ? undefined
    : Hints;

/** A handle on one thread in several channels at once: one hint for several schedulers. */
export interface JointThread<C extends readonly Channel[] = readonly Channel[]> {
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Writes to every channel that carries hints, and reads what the first of them has. */
  readonly hints: HintsIn<C>;
  /** A handle for each channel, in their order: its blocks, its own status. */
  readonly threads: { readonly [K in keyof C]: ThreadOf<C[K]> };
  /** That of the first channel. Asked anew at each read. */
  readonly status: Status;
  /** One for each channel, in their order. */
  readonly statuses: readonly Status[];
  /** Emits `status` with the new one when that of any channel has changed, see {@link Thread.events}. */
  readonly events: EventEmitter<{ status: [Status] }>;
  /** Gives all of the handles back. Again: does nothing. */
  detach(): void;
  /** The same, for `using`. Not in a module's own scope: it would detach once that has run. */
  [Symbol.dispose](): void;
}

/** What the interface above promises. */
export class JointHandle {
  declare readonly hints: Hints | undefined;
  readonly #threads: readonly Handle[];
  readonly #forward = (status: Status) => this.#events?.emit('status', status);
  #events: EventEmitter<{ status: [Status] }> | undefined;

  constructor(channels: readonly Channel[]) {
    const threads: Handle[] = [];
    try {
      for (const channel of channels) {
        threads.push(new Handle(channel, ThreadBlocks.own(channel)));
      }
    } catch (error) {
      for (const thread of threads) thread.detach();
      throw error;
    }
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

  // Made when it is first asked for: each listens to events that all handles share.
  get events(): EventEmitter<{ status: [Status] }> {
    if (this.#events === undefined) {
      this.#events = new EventEmitter();
      for (const { events } of this.#threads) events.on('status', this.#forward);
    }
    return this.#events;
  }

  detach(): void {
    for (const thread of this.#threads) {
      thread.events.off('status', this.#forward);
      thread.detach();
    }
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** The handles of one that has several, or the one that it is. */
  static each(thread: object): readonly Thread[] {
    return #threads in thread ? thread.#threads : [thread as Thread];
  }
}
