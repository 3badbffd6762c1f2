// Implements startGcHints(): publishes the calling thread's collections in its block, from V8's callbacks inside the pause or,
// where these are missing, from perf_hooks after it. In the latter case only counts and expected durations are published.

import {
  type AttachedThread,
  attachThread,
  type Channel,
  checkOptions,
  gcAfterwards,
  Listeners,
  publishCollections,
  type ScopedThread,
  type StandardThread,
  type Stoppable,
  type ThreadOf,
} from '@schedhint/core/thread';
import { isDisabled, loadAddon } from '@schedhint/native';
import { type Collection, type CollectionKind, observeCollections } from './collections.js';
import { GcCounter, type GcStats } from './gc-stats.js';

/**
 * Where the collector's hints come from. `none`: this runtime reports no collections, or no scheduler can see the hints,
 * because there is no addon.
 */
export type GcSource = 'v8' | 'perf_hooks' | 'none';

/** Options of {@link startGcHints}. */
export interface GcHintsOptions {
  /** Path of the pinned map; by default `SCHEDHINT_MAP`, else `/sys/fs/bpf/schedhint`. */
  readonly map?: string;
  /** A channel that carries collections, instead of `map`. */
  readonly channel?: Channel;
  /**
   * `v8`: V8's own callbacks, live inside the pause. `perf_hooks`: counts and expected times only,
   * after the fact. `auto` (the default): the first that works.
   */
  readonly source?: 'auto' | 'v8' | 'perf_hooks';
  /** Also keep statistics and emit an event for each collection, from `perf_hooks` (15-70 us each). */
  readonly stats?: boolean;
}

/** Publishes one thread's collections until it is stopped. */
export interface GcHints<T extends AttachedThread = StandardThread> extends Stoppable {
  readonly source: GcSource;
  /**
   * The handle that the hints hold until they are stopped; its `status` says whether the kernel has
   * the block.
   */
  readonly thread: T;
  /** Since the start; null without the option `stats`. */
  readonly stats: GcStats | null;
  /**
   * With the option `stats`: calls the listener with each collection, after the fact. Without it the listener is never called. An
   * exception of a listener is an uncaught one; the other listeners still run.
   *
   * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is no function
   */
  onCollection(listener: (collection: Collection) => void): Stoppable;
}

class Publisher implements GcHints<AttachedThread> {
  readonly source: GcSource;
  readonly thread: ScopedThread<AttachedThread>;
  readonly #counter: GcCounter | null;
  readonly #listeners = new Listeners<Collection>();
  readonly #stops: (() => void)[] = [];

  constructor({ source = 'auto', stats = false, channel, map }: GcHintsOptions) {
    const scoped = true;
    this.thread =
      channel === undefined
        ? attachThread(map === undefined ? { scoped } : { map, scoped })
        : attachThread({ channel, scoped });
    this.#counter = stats ? new GcCounter() : null;
    this.source = this.#start(source);
    if (this.#counter !== null && !isDisabled()) {
      const stop = observeCollections((collection) => {
        this.#counter!.add(collection);
        this.#listeners.call(collection);
      });
      if (stop !== null) this.#stops.push(stop);
    }
  }

  get stats(): GcStats | null {
    return this.#counter?.stats ?? null;
  }

  onCollection(listener: (collection: Collection) => void): Stoppable {
    return this.#listeners.add('onCollection', listener, this);
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.thread.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #start(source: 'auto' | 'v8' | 'perf_hooks'): GcSource {
    if (!('addon' in loadAddon())) return 'none'; // perf_hooks costs, and only this thread would see its numbers
    // Bun exports V8's symbols but never calls back.
    if (source !== 'perf_hooks' && process.versions.bun === undefined) {
      const stop = publishCollections(this.thread);
      if (stop !== null) {
        this.#stops.push(stop);
        return 'v8';
      }
    }
    if (source !== 'v8') {
      const stop = publishAfterwards(this.thread);
      if (stop !== null) {
        this.#stops.push(stop);
        return 'perf_hooks';
      }
    }
    return 'none';
  }
}

/** All that can be said after the fact: how many pauses there were, and how long they take. */
function publishAfterwards(thread: AttachedThread): (() => void) | null {
  const { gc } = thread as Partial<StandardThread>;
  if (gc === undefined) return null; // the channel has no place for it
  const expectedUs = new Map<CollectionKind, number>();
  const stop = observeCollections(({ kind, duration }) => {
    const tookUs = duration * 1000;
    const before = expectedUs.get(kind);
    const lately = before === undefined ? tookUs : before - before / 8 + tookUs / 8;
    expectedUs.set(kind, lately);
    afterwards.count(lately);
  });
  if (stop === null) return null;
  const afterwards = gcAfterwards(gc);
  return () => {
    stop();
    afterwards.stop();
  };
}

const OPTIONS = ['map', 'channel', 'source', 'stats'];

/**
 * Publishes the calling thread's collections to the scheduler that reads the map. Never throws for
 * what the machine lacks: {@link GcHints.source} and `thread.status` say it. Counted: it may run any
 * number of times in one thread.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option
 */
export function startGcHints<C extends Channel>(
  options: GcHintsOptions & { readonly channel: C },
): GcHints<ThreadOf<C>>;
export function startGcHints(options?: GcHintsOptions): GcHints;
export function startGcHints(options: GcHintsOptions = {}): GcHints<AttachedThread> {
  checkOptions('startGcHints', options, OPTIONS);
  const { source } = options;
  if (source !== undefined && !['auto', 'v8', 'perf_hooks'].includes(source)) {
    throw Object.assign(
      new TypeError(`source: expected 'auto', 'v8' or 'perf_hooks', got ${String(source)}`),
      { code: 'ERR_SCHEDHINT_OPTION' },
    );
  }
  return new Publisher(options);
}
