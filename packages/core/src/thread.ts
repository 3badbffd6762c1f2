import type { Worker } from 'node:worker_threads';
import { type Channel, type StandardBlocks, standardGc, uptr } from './channel.js';
import { show, typeError } from './errors.js';
import { Feedback } from './feedback.js';
import { GcState } from './gc-state.js';
import { Hints } from './hints.js';
import { Flag } from './standard.js';
import { type Status, unavailable } from './status.js';
import { ThreadBlocks } from './thread-blocks.js';
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

class Handle {
  readonly #channel: Channel;
  #held: ThreadBlocks | null;
  #buffers: readonly ArrayBuffer[];
  #blocks: unknown;
  #hints: Hints | undefined;
  #feedback: Feedback | undefined;
  #gc: GcState | undefined;
  // Everything above that looks at a buffer, and at which.
  readonly #views: [view: object, slot: number][] = [];

  constructor(channel: Channel, blocks: ThreadBlocks) {
    this.#channel = channel;
    this.#held = blocks;
    this.#buffers = blocks.buffers;
    blocks.acquire();
  }

  get tid(): number {
    return this.#held?.tid ?? 0;
  }

  get status(): Status {
    return this.#held?.status ?? unavailable('ERR_DETACHED', 'this handle was detached');
  }

  // Views are made when they are first asked for: most threads use one or two of them.
  get blocks(): unknown {
    this.#blocks ??= this.#viewAll();
    return this.#blocks;
  }

  get hints(): Hints | undefined {
    if (this.#hints === undefined && this.#channel.standard) {
      this.#hints = this.#looking(new Hints(this.#buffers[0]!), 0);
    }
    return this.#hints;
  }

  get feedback(): Feedback | undefined {
    if (this.#feedback === undefined && this.#channel.standard) {
      this.#feedback = this.#looking(new Feedback(this.#buffers[0]!), 0);
    }
    return this.#feedback;
  }

  get gc(): GcState | undefined {
    if (this.#gc === undefined && this.#channel.standard) {
      this.#gc = this.#looking(new GcState(this.#buffers[0]!), 0);
    }
    return this.#gc;
  }

  detach(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#buffers = this.#buffers.map((buffer) => buffer.slice(0));
    for (const [view, slot] of this.#views) rebase(view, this.#buffers[slot]!, 0);
    held.release();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  static held(thread: Thread): ThreadBlocks | null {
    return #held in thread ? thread.#held : null;
  }

  #looking<V extends object>(view: V, slot: number): V {
    this.#views.push([view, slot]);
    return view;
  }

  #viewAll(): unknown {
    const blocks: Record<string, unknown> = {};
    this.#channel.pointers.forEach(({ path, layout }, slot) => {
      let at = blocks;
      for (const name of path.slice(0, -1)) {
        at[name] ??= {};
        at = at[name] as Record<string, unknown>;
      }
      const view = createView(layout, this.#buffers[slot]!, 0);
      at[path.at(-1)!] = this.#looking(view, slot);
    });
    return blocks;
  }
}

/**
 * Attaches the calling thread, main or worker: from now on its blocks are the kernel's too. It may
 * be called by anyone in the thread, as often as they like; the same map gives the same blocks, and
 * they live as long as the thread unless every handle is detached.
 *
 * Nothing here throws for a missing map, a refused permission, an old kernel or another platform:
 * hints then go to private memory and {@link Thread.status} says why. A map that appears later is
 * bound by the next call.
 *
 * @param options.map path of the pinned map of standard blocks; by default `SCHEDHINT_MAP`, else
 *   `/sys/fs/bpf/schedhint`
 * @throws TypeError `ERR_OPTION` for an option that is none
 */
export function attachThread(options?: { readonly map?: string }): HintedThread;
/**
 * Attaches the calling thread to a map of another kind.
 *
 * @param options.channel made by {@link uptr}: the map, and what its value looks like
 * @throws TypeError `ERR_OPTION` if it is no channel
 */
export function attachThread<C extends Channel>(options: {
  readonly channel: C;
}): C extends { readonly standard: true }
  ? HintedThread
  : Thread<C extends Channel<infer Blocks> ? Blocks : never>;
export function attachThread(
  options: { readonly map?: string; readonly channel?: Channel } = {},
): Thread {
  const channel = channelOf(options);
  return new Handle(channel, ThreadBlocks.own(channel));
}

function channelOf(options: { readonly map?: string; readonly channel?: Channel }): Channel {
  if (typeof options !== 'object' || options === null) {
    throw typeError('ERR_OPTION', `expected an object, got ${show(options)}`);
  }
  const { map, channel } = options;
  if (channel === undefined) return uptr(map === undefined ? {} : { map });
  if (channel?.kind !== 'uptr' || map !== undefined) {
    throw typeError(
      'ERR_OPTION',
      map === undefined
        ? `channel: expected one made by uptr(), got ${show(channel)}`
        : 'map: a channel names its map itself, give one or the other',
    );
  }
  return channel;
}

const ofWorkers = new WeakMap<Worker, Map<string, HintedThread>>();

/**
 * A worker's blocks, from the thread that started it. They exist from now on: what is written here
 * before the worker has attached itself is there when it does. Detached when the worker exits.
 *
 * @param worker a `worker_threads` Worker
 * @param options.map as for {@link attachThread}; must be the map that the worker itself uses
 * @returns always the same handle for the same worker and map
 * @throws TypeError `ERR_OPTION` if it is no worker
 */
export function threadOf(worker: Worker, options: { readonly map?: string } = {}): HintedThread {
  if (typeof worker?.threadId !== 'number' || typeof worker.once !== 'function') {
    throw typeError('ERR_OPTION', `worker: expected a Worker, got ${show(worker)}`);
  }
  const channel = channelOf(options);
  const { map } = channel.request;
  let handles = ofWorkers.get(worker);
  if (handles === undefined) {
    handles = new Map();
    ofWorkers.set(worker, handles);
  }
  let thread = handles.get(map);
  if (thread === undefined) {
    thread = new Handle(channel, ThreadBlocks.of(channel, worker.threadId)) as HintedThread;
    handles.set(map, thread);
    const detach = () => thread!.detach();
    // Its threadId is -1 once it has exited: nothing will call us then.
    if (worker.threadId < 0) detach();
    else worker.once('exit', detach);
  }
  return thread;
}

/**
 * A worker's hints, from the thread that started it: `threadOf(worker, options).hints`.
 *
 * Both threads may write them: a single field is the last writer's, a group (`set`) is one of the
 * two, never a mixture.
 */
export function hintsOf(worker: Worker, options: { readonly map?: string } = {}): Hints {
  return threadOf(worker, options).hints;
}

/**
 * Writes the thread's collections into its block, from V8's callbacks inside the pause. What
 * `@schedhint/gc-hooks` stands on; use that.
 *
 * @param thread a handle of the calling thread; it must stay attached until the hook is stopped
 * @returns stops it, once; null where V8's callbacks can't be had or the handle is detached
 */
export function publishCollections(thread: HintedThread): (() => void) | null {
  const blocks = Handle.held(thread);
  if (!blocks?.startGcHook({ ...standardGc, liveFlag: Flag.gcLive, cycleFlag: Flag.gcCycle })) {
    return null;
  }
  let running = true;
  return () => {
    if (running) blocks.stopGcHook();
    running = false;
  };
}
