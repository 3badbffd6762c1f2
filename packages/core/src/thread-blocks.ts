import { EventEmitter } from 'node:events';
import { type Attachment, currentThread, type GcRequest, loadAddon, Step } from '@schedhint/native';
import { BlockWords } from './block-words.js';
import type { Channel } from './channel.js';
import { monotonicNs } from './clock.js';
import { Feedback } from './feedback.js';
import { introduce } from './standard-request.js';
import { countUnreachedWorkers, followStartedWorkers } from './started-workers.js';
import { explain, mismatch, type Reader, type Status, unavailable } from './status.js';
import { follow, unfollow } from './status-events.js';
import type { TldChannel } from './tld.js';
import { placesOf } from './tld-places.js';

/**
 * A thread that asks for its own status was put on a CPU not long ago, and a reader that lives has
 * looked then. One that was killed may have left its map and its pin behind.
 */
const SILENT_NS = 5_000_000_000n;

/**
 * The memory of one thread in one channel, for all handles that this isolate has on it: shared with
 * the kernel's element, or private where no element can be had. Counted.
 */
export class ThreadBlocks {
  /** What the kernel's element points to, or private memory where there is none. */
  readonly #shared: readonly ArrayBuffer[];
  /** In the place of the shared buffers, while a map is bound whose structs are otherwise. */
  #hidden: readonly ArrayBuffer[] | null = null;
  readonly #movers: (() => void)[] = [];
  readonly #attachment: Attachment | null;
  readonly #channel: Channel;
  readonly #without: Status | null;
  readonly #own: boolean;
  #events: EventEmitter<{ status: [Status] }> | undefined;
  #handles = 0;
  #onLast: () => void;

  private constructor(channel: Channel, threadId: number, onLast: () => void) {
    this.#channel = channel;
    this.#onLast = onLast;
    const loaded = loadAddon();
    const own = threadId === currentThread().id;
    this.#own = own;
    const attachment =
      'addon' in loaded ? loaded.addon.attach(channel.request, threadId, own) : null;
    const shared = attachment && channel.pointers.map((_, slot) => attachment.buffer(slot));
    if (shared?.every((buffer) => buffer !== null)) {
      this.#attachment = attachment;
      this.#without = null;
      this.#shared = shared;
    } else {
      this.#attachment = null;
      this.#without =
        'addon' in loaded
          ? withoutMemory(channel, attachment!)
          : unavailable(loaded.code, loaded.reason);
      attachment?.release();
      this.#shared = channel.pointers.map(({ layout }) => new ArrayBuffer(layout.size));
    }
    if (channel.standard && own) introduce(this.buffers, currentThread().isMain);
    if (own) followStartedWorkers();
    if (this.#attachment !== null) follow(this);
  }

  static readonly #ofThread = new Map<string, ThreadBlocks>();

  /** The calling thread's; the same for the same channel until the last handle is given back. */
  static own(channel: Channel): ThreadBlocks {
    createKeys(channel);
    const key = keyOf(channel);
    let blocks = ThreadBlocks.#ofThread.get(key);
    if (blocks === undefined) {
      blocks = new ThreadBlocks(channel, currentThread().id, () =>
        ThreadBlocks.#ofThread.delete(key),
      );
      ThreadBlocks.#ofThread.set(key, blocks);
    }
    return blocks;
  }

  /** Another thread's of this process; `threadId` is Node.js's. */
  static of(channel: Channel, threadId: number): ThreadBlocks {
    createKeys(channel);
    return new ThreadBlocks(channel, threadId, nothing);
  }

  /**
   * The memory by pointer of the channel; {@link onMove} tells when it is another's. Never handed
   * out: `transfer()` would detach one from its page.
   */
  get buffers(): readonly ArrayBuffer[] {
    return this.#hidden ?? this.#shared;
  }

  /** Calls back when the buffers are others. */
  onMove(move: () => void): void {
    this.#movers.push(move);
  }

  offMove(move: () => void): void {
    this.#movers.splice(this.#movers.indexOf(move), 1);
  }

  /** Emits `status` when it has changed. Made for whoever listens: most threads have nobody. */
  get events(): EventEmitter<{ status: [Status] }> {
    this.#events ??= new EventEmitter();
    return this.#events;
  }

  emitStatus(status: Status): void {
    this.#events?.emit('status', status);
  }

  acquire(): void {
    this.#handles++;
  }

  release(): void {
    if (--this.#handles > 0) return;
    this.#onLast();
    unfollow(this);
    this.#attachment?.release();
  }

  get tid(): number {
    return this.#attachment?.status().tid ?? 0;
  }

  get status(): Status {
    const status = this.#bindingStatus();
    const unreachedWorkers = countUnreachedWorkers();
    return unreachedWorkers > 0 ? { ...status, unreachedWorkers } : status;
  }

  #bindingStatus(): Status {
    if (this.#attachment === null) return this.#without!;
    const status = this.#attachment.status();
    if (status.step !== Step.Bound) return explain(this.#channel.request, status);
    const difference = this.#channel.compare?.(status.mapId) ?? null;
    this.#hide(difference !== null);
    if (difference !== null) return mismatch(this.map, difference);
    const readBy = this.#channel.standard ? this.#reader(status.boundNs) : null;
    const by = status.viaBroker ? 'broker' : 'self';
    return { state: 'bound', map: { path: this.map, id: status.mapId, by }, readBy };
  }

  /** Path of the map's pin. */
  get map(): string {
    return this.#channel.request.map;
  }

  /** Of a layered channel: 0..1024, or -1 for none. */
  setHint(hint: number): void {
    this.#attachment?.setHint(hint);
  }

  startGcHook(request: GcRequest): boolean {
    return this.#attachment?.startGcHook(request) ?? false;
  }

  stopGcHook(): void {
    this.#attachment?.stopGcHook();
  }

  /**
   * A program that takes the fields for others must not read them: while its map is bound, the shared
   * memory is zeroed and the values live in private memory.
   */
  #hide(hide: boolean): void {
    if (hide === (this.#hidden !== null)) return;
    if (hide) {
      this.#hidden = this.#shared.map((buffer) => buffer.slice(0));
      for (const buffer of this.#shared) new Uint8Array(buffer).fill(0);
    } else {
      for (const [slot, buffer] of this.#hidden!.entries()) {
        new Uint8Array(this.#shared[slot]!).set(new Uint8Array(buffer));
      }
      this.#hidden = null;
    }
    for (const move of [...this.#movers]) move();
  }

  #reader(boundNs: bigint): Reader | null {
    const { readerAbi, readerFlags, readerSeenNs } = new Feedback(new BlockWords(this.buffers[0]!));
    // What an earlier map's reader has left behind is older than this binding.
    if (readerAbi === 0 || readerSeenNs < boundNs) return null;
    if (this.#own && monotonicNs() - readerSeenNs > SILENT_NS) return null;
    return { abi: readerAbi, flags: readerFlags, seenNs: readerSeenNs };
  }
}

const nothing = () => {};

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

/** Before the first bind: a program that looks for a key too early may not look again. */
function createKeys(channel: Channel): void {
  if (channel.tld !== undefined) placesOf(channel as TldChannel);
}

function withoutMemory(channel: Channel, attachment: Attachment): Status {
  const status = attachment.status();
  return status.step === Step.Bound || status.mapId !== 0
    ? unavailable(
        'ERR_EXTERNAL_MEMORY',
        'this runtime refuses memory from outside its heap (V8 sandbox): hints stay private',
      )
    : explain(channel.request, status);
}
