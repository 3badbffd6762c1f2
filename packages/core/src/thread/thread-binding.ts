// Holds a thread's blocks in one channel, reference-counted by the handles on them, and computes the binding's status. While a
// map with other structs is bound, the shared memory is zeroed and the values live in private memory.

import { isDeepStrictEqual } from 'node:util';
import {
  type Addon,
  type AttachmentHandle,
  currentThread,
  type GcRequest,
  loadAddon,
  type NativeStatus,
  type Slot,
  Step,
} from '@schedhint/native';
import { ABI } from '../block/abi.js';
import { BlockWords } from '../block/block-arrays.js';
import { monotonicNs } from '../block/clock.js';
import { Feedback } from '../block/feedback.js';
import { ownUsage, type UsageSoFar } from '../block/thread-usage.js';
import type { Channel } from '../channel/channel.js';
import type { BlockPlace } from '../channel/channel-parts.js';
import { introduce, standardHelpersRequest } from '../channel/standard.js';
import { warnOfAddon } from './addon-warning.js';
import { copyOf, placesIn, storingTo } from './block-location.js';
import { Listeners } from './listeners.js';
import { explain, mismatch, type Status, unavailable } from './status.js';
import { follow, unfollow } from './status-events.js';
import { countUnreachedWorkers, followStartedWorkers } from './unreached-workers.js';

/**
 * How long a reader may be silent before it counts as gone. A thread that asks for its own status was
 * put on a CPU not long ago, and a live reader has looked then; a killed one may have left its map
 * and its pin behind.
 */
const SILENT_NS = 5_000_000_000n;

/** How long a reason holds before it is looked for again: whether a directory is there, say. */
const EXPLAINED_MS = 1000;

/** In the place of a reader's flags, which are a u32. */
const NO_READER = -1;

// Not performance.now(): a vm context has no such global, and a test's fake timers replace it.
const now = () => process.uptime() * 1000;

/** A status, and what it was made of. */
interface Explained {
  readonly native: NativeStatus;
  readonly readerFlags: number;
  readonly unreachedWorkers: number;
  readonly atMs: number;
  readonly status: Status;
}

function isSame(a: NativeStatus, b: NativeStatus): boolean {
  return (
    a.step === b.step &&
    a.mapId === b.mapId &&
    a.errno === b.errno &&
    a.detail === b.detail &&
    a.found === b.found &&
    a.viaBroker === b.viaBroker &&
    a.boundNs === b.boundNs
  );
}

/** What has to know where the memory is, and the function that announces it. */
export interface Follower {
  /** Undefined when it was garbage-collected. */
  readonly of: { deref(): object | undefined };
  readonly move: (of: never, places: readonly BlockPlace[]) => void;
}

/** Removes followers that were held weakly. */
const collected = new FinalizationRegistry<{ followers: Set<Follower>; follower: Follower }>(
  ({ followers, follower }) => followers.delete(follower),
);

/** Scratch buffer for what {@link Addon.attach} returns; not kept between calls. */
let told = new Float64Array(8);

/**
 * The memory of one thread in one channel, for all handles that this isolate has on it: shared with
 * the kernel's element, or private where no element is available. Counted.
 */
export class ThreadBlocks {
  /** What the kernel's element points to, or private memory without an element. */
  readonly #shared: readonly BlockPlace[];
  /** In the place of the shared memory, while a map is bound whose structs are otherwise. */
  #hidden: readonly BlockPlace[] | null = null;
  readonly #followers = new Set<Follower>();
  /** Null where hints are private. */
  readonly #addon: Addon | null;
  readonly #handle: AttachmentHandle;
  readonly #channel: Channel;
  readonly #without: Status | null;
  readonly #own: boolean;
  #listeners: Listeners<Status> | undefined;
  #explained: Explained | undefined;
  #feedback: { readonly place: BlockPlace; readonly of: Feedback } | undefined;
  #handles = 0;

  private constructor(channel: Channel, threadId: number, own: boolean) {
    this.#channel = channel;
    this.#own = own;
    let boundTo = 0;
    const loaded = loadAddon();
    if ('addon' in loaded) {
      const { addon } = loaded;
      const slots = slotsOf(channel).length;
      if (told.length < 2 * slots + 1) told = new Float64Array(2 * slots + 1);
      this.#handle = addon.attach(channel.request, threadId, own, told);
      boundTo = told[2 * slots]!;
      const shared = placesIn(addon, told, slots);
      this.#addon = shared && addon;
      this.#without = shared && null;
      this.#shared = shared ?? privatePlaces(channel);
      if (shared === null) {
        this.#without = withoutMemory(channel, addon.status(this.#handle));
        addon.release(this.#handle);
      }
    } else {
      this.#addon = null;
      this.#handle = 0;
      warnOfAddon(loaded);
      this.#without = unavailable(loaded.code, loaded.reason);
      this.#shared = privatePlaces(channel);
    }
    if (channel.standard && own) {
      introduce(storingTo(this.#shared), currentThread().isMain);
      if (channel.kind === 'uptr') this.#addon?.findHelpers(this.#handle, standardHelpersRequest);
    }
    if (own) followStartedWorkers();
    if (this.#addon !== null) follow(this, this.#identityOf(boundTo));
  }

  static readonly #ofThread = new Map<string, ThreadBlocks>();

  /** The calling thread's; the same for the same channel until the last handle is given back. */
  static own(channel: Channel): ThreadBlocks {
    channel.parts.prepare?.();
    const key = keyOf(channel);
    let blocks = ThreadBlocks.#ofThread.get(key);
    if (blocks === undefined) {
      blocks = new ThreadBlocks(channel, currentThread().id, true);
      ThreadBlocks.#ofThread.set(key, blocks);
    }
    return blocks;
  }

  /** The same, if the thread is attached in the channel. */
  static attached(channel: Channel): ThreadBlocks | undefined {
    return ThreadBlocks.#ofThread.get(keyOf(channel));
  }

  /** Another thread's of this process; `threadId` is Node.js's. */
  static of(channel: Channel, threadId: number): ThreadBlocks {
    channel.parts.prepare?.();
    return new ThreadBlocks(channel, threadId, threadId === currentThread().id);
  }

  /** The memory by pointer of the channel; {@link onMove} is called when it moves. */
  get places(): readonly BlockPlace[] {
    return this.#hidden ?? this.#shared;
  }

  /** Where it is copied to when somebody lets go of it. */
  copyPlaces(): readonly BlockPlace[] {
    const slots = slotsOf(this.#channel);
    return this.places.map((place, slot) => copyOf(place, slots[slot]!.size));
  }

  /**
   * Calls `move` whenever the memory is elsewhere.
   *
   * @param hold `strong`: keeps `of` alive until {@link offMove}; `weak`: does not, and forgets it
   *   when it was garbage-collected
   * @returns what {@link offMove} takes
   */
  onMove<T extends object>(
    of: T,
    move: (of: T, places: readonly BlockPlace[]) => void,
    hold: 'strong' | 'weak',
  ): Follower {
    const follower: Follower = {
      of: hold === 'weak' ? new WeakRef(of) : { deref: () => of },
      move,
    };
    this.#followers.add(follower);
    if (hold === 'weak') collected.register(of, { followers: this.#followers, follower });
    return follower;
  }

  offMove(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** Those to be called when the status has changed. Made when the first is added: most threads have none. */
  get listeners(): Listeners<Status> {
    this.#listeners ??= new Listeners();
    return this.#listeners;
  }

  emitStatus(status: Status): void {
    this.#listeners?.call(status);
  }

  /** Removes the listeners of a handle that has ended. */
  unlisten(handle: object): void {
    this.#listeners?.removeOf(handle);
  }

  acquire(): void {
    this.#handles++;
  }

  release(): void {
    if (--this.#handles > 0) return;
    const key = keyOf(this.#channel);
    if (ThreadBlocks.#ofThread.get(key) === this) ThreadBlocks.#ofThread.delete(key);
    unfollow(this);
    this.#addon?.release(this.#handle);
  }

  get tid(): number {
    return this.#addon?.status(this.#handle).tid ?? 0;
  }

  /** Frozen, and the same object until anything in it changes. */
  get status(): Status {
    if (this.#addon === null) return this.#without!;
    const native = this.#addon.status(this.#handle);
    const isBound = native.step === Step.Bound;
    const readerFlags =
      isBound && this.#channel.standard ? this.#readerFlags(native.boundNs) : NO_READER;
    const unreachedWorkers = countUnreachedWorkers();
    const last = this.#explained;
    if (
      last !== undefined &&
      last.readerFlags === readerFlags &&
      last.unreachedWorkers === unreachedWorkers &&
      isSame(last.native, native) &&
      (isBound || now() - last.atMs < EXPLAINED_MS)
    ) {
      return last.status;
    }
    const status = this.#explain(native, readerFlags, unreachedWorkers);
    const kept =
      last !== undefined && isDeepStrictEqual(last.status, status) ? last.status : status;
    this.#explained = { native, readerFlags, unreachedWorkers, atMs: now(), status: kept };
    return kept;
  }

  /** The id of the map that is bound, or else what the status says; not when a reader last looked. */
  get identity(): string | number {
    return this.#identityOf(this.#addon?.boundTo(this.#handle) ?? 0);
  }

  /** Needed at each attach, and a whole status costs more than the rest of it. */
  #identityOf(mapId: number): string | number {
    if (mapId !== 0 && this.#channel.compare === undefined) return mapId;
    const { status } = this;
    return status.state === 'bound' ? status.map.id : `${status.state} ${status.code}`;
  }

  #explain(native: NativeStatus, readerFlags: number, unreachedWorkers: number): Status {
    const others = unreachedWorkers > 0 ? { unreachedWorkers } : {};
    if (native.step !== Step.Bound) {
      return Object.freeze({ ...explain(this.#channel.request, native), ...others });
    }
    const difference = this.#channel.compare?.(native.mapId) ?? null;
    this.#hide(difference !== null);
    if (difference !== null) return Object.freeze({ ...mismatch(this.map, difference), ...others });
    const by = native.viaBroker ? 'broker' : 'self';
    return Object.freeze({
      state: 'bound',
      map: Object.freeze({ path: this.map, id: native.mapId, by }),
      readBy: readerFlags === NO_READER ? null : Object.freeze({ abi: ABI, flags: readerFlags }),
      ...others,
    });
  }

  /** Path of the map's pin. */
  get map(): string {
    return this.#channel.request.map;
  }

  /** Of a layered channel: 0..1024, or -1 for none. */
  setHint(hint: number): void {
    this.#addon?.setHint(this.#handle, hint);
  }

  startGcHook(request: GcRequest): boolean {
    return this.#addon?.startGcHook(this.#handle, request) ?? false;
  }

  stopGcHook(): void {
    this.#addon?.stopGcHook(this.#handle);
  }

  /**
   * A program that takes the fields for others must not read them: while its map is bound, the shared
   * memory is zeroed and the values live in private memory.
   */
  #hide(hide: boolean): void {
    if (hide === (this.#hidden !== null)) return;
    if (hide) {
      this.#hidden = this.copyPlaces();
      for (const [slot, place] of this.#shared.entries()) this.#bytesAt(place, slot).fill(0);
    } else {
      for (const [slot, place] of this.#hidden!.entries()) {
        this.#bytesAt(this.#shared[slot]!, slot).set(this.#bytesAt(place, slot));
      }
      this.#hidden = null;
    }
    for (const { of, move } of this.#followers) {
      const alive = of.deref();
      if (alive !== undefined) move(alive as never, this.places);
    }
  }

  #bytesAt({ buffer, offset }: BlockPlace, slot: number): Uint8Array {
    return new Uint8Array(buffer, offset, slotsOf(this.#channel)[slot]!.size);
  }

  /** Of the standard block: until the memory is elsewhere. */
  get feedback(): Feedback {
    const place = this.places[0]!;
    if (this.#feedback?.place !== place) {
      const of = new Feedback(new BlockWords(place.buffer, place.offset), this);
      this.#feedback = { place, of };
    }
    return this.#feedback.of;
  }

  /** Of the standard block: whether a reader looks at the thread now. */
  get hasReader(): boolean {
    const { status } = this;
    return status.state === 'bound' && status.readBy !== null;
  }

  /** What the kernel has counted; null for another thread. */
  usage(): UsageSoFar | null {
    return this.#own ? ownUsage() : null;
  }

  #readerFlags(boundNs: bigint): number {
    const { readerAbi, readerFlags, readerSeenNs } = this.feedback;
    // What an earlier map's reader has left behind is older than this binding.
    if (readerAbi !== ABI || readerSeenNs < boundNs) return NO_READER;
    if (this.#own && monotonicNs() - readerSeenNs > SILENT_NS) return NO_READER;
    return readerFlags;
  }
}

/** Those that this side looks at: of task local data, the thread's. */
function slotsOf({ request }: Channel): readonly Slot[] {
  return request.kind === 'tld' ? request.slots.slice(0, 1) : request.slots;
}

function privatePlaces(channel: Channel): readonly BlockPlace[] {
  return slotsOf(channel).map(({ size }) => ({ buffer: new ArrayBuffer(size), offset: 0 }));
}

const keys = new WeakMap<Channel, string>();

/** The same for channels that are the same to the registry. */
export function keyOf(channel: Channel): string {
  let key = keys.get(channel);
  if (key === undefined) {
    key = JSON.stringify(channel.request);
    keys.set(channel, key);
  }
  return key;
}

function withoutMemory(channel: Channel, status: NativeStatus): Status {
  return status.step === Step.Bound || status.mapId !== 0
    ? unavailable(
        'ERR_SCHEDHINT_EXTERNAL_MEMORY',
        'this runtime refuses memory from outside its heap (V8 sandbox): hints stay private',
      )
    : Object.freeze(explain(channel.request, status));
}
