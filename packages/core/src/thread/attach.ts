// Attaches the calling thread to one or several channels and returns its handle.
// Also starts the GC hook that writes collections into the thread's blocks.

import type { GcRequest } from '@schedhint/native';
import { type Channel, isChannel, standardChannel } from '../channel/channel.js';
import { pinOf } from '../channel/map-location.js';
import { standardGcRequest } from '../channel/standard.js';
import { TLD_HEADER, type TldChannel } from '../channel/tld.js';
import { placesOf } from '../channel/tld-keys.js';
import { checkOptions, show, typeError } from '../errors.js';
import { handleOfThreadIn, JointHandle, type JointThread, scopedHandleIn } from './joint-thread.js';
import { announce } from './status-events.js';
import { ThreadBlocks } from './thread-binding.js';
import {
  Handle,
  type HintedThread,
  handleOfThread,
  ScopedHandle,
  type ScopedThread,
  type Thread,
  type ThreadOf,
} from './thread-handle.js';

/**
 * Attaches the calling thread, main or worker: from now on its blocks are the kernel's too. Returns
 * the thread's one handle, which ends with the thread: the same object at each call, so it may be
 * called for each request. A caller that has to give its blocks back asks for a scoped handle.
 *
 * Nothing here throws for a missing map, a refused permission, an old kernel or another platform:
 * hints then go to private memory and {@link Thread.status} says why. A map that appears later, or
 * takes another's place, is bound by itself.
 *
 * @param options.map path of the pinned map of standard blocks; by default `SCHEDHINT_MAP`, else
 *   `/sys/fs/bpf/schedhint`
 * @param options.scoped true: a new handle, see {@link ScopedThread}
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an option that is none
 */
export function attachThread(options?: {
  readonly map?: string;
  readonly scoped?: false;
}): HintedThread;
export function attachThread(options: {
  readonly map?: string;
  readonly scoped: true;
}): ScopedThread;
/**
 * Attaches the calling thread to a map of another kind. The same handle for the same channel, so
 * make the channel once.
 *
 * @param options.channel made by {@link uptr}: the map, and what its value looks like
 * @param options.scoped true: a new handle, see {@link ScopedThread}
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if it is no channel
 */
export function attachThread<C extends Channel>(options: {
  readonly channel: C;
  readonly scoped?: false;
}): ThreadOf<C>;
export function attachThread<C extends Channel>(options: {
  readonly channel: C;
  readonly scoped: true;
}): ScopedThread<ThreadOf<C>>;
/**
 * Attaches the calling thread in several channels at once: one assignment to its `hints` goes to
 * all of them. The same handle for the same channels in the same order.
 *
 * @param options.channels made by {@link uptr} and its like, at least one
 * @param options.scoped true: a new handle, see {@link ScopedThread}
 * @throws TypeError `ERR_SCHEDHINT_OPTION` if that is not what they are
 */
export function attachThread<const C extends readonly Channel[]>(options: {
  readonly channels: C;
  readonly scoped?: false;
}): JointThread<C>;
export function attachThread<const C extends readonly Channel[]>(options: {
  readonly channels: C;
  readonly scoped: true;
}): ScopedThread<JointThread<C>>;
export function attachThread(
  options: {
    readonly map?: string;
    readonly channel?: Channel;
    readonly channels?: readonly Channel[];
    readonly scoped?: boolean;
  } = {},
): Thread | JointThread {
  checkOptions('attachThread', options, OPTIONS);
  const scoped = isScoped(options);
  if (options.channels !== undefined) {
    const channels = channelsOf(options);
    return (scoped ? scopedHandleIn(channels) : handleOfThreadIn(channels)) as JointThread;
  }
  const channel = channelOf(options);
  return scoped ? new ScopedHandle(channel, ThreadBlocks.own(channel)) : handleOfThread(channel);
}

const OPTIONS = ['map', 'channel', 'channels', 'scoped'];

function isScoped(options: { readonly scoped?: boolean }): boolean {
  const { scoped } = options;
  if (scoped !== undefined && typeof scoped !== 'boolean') {
    throw typeError('ERR_SCHEDHINT_OPTION', `scoped: expected a boolean, got ${show(scoped)}`);
  }
  return scoped === true;
}

function channelsOf(options: {
  readonly map?: string;
  readonly channel?: Channel;
  readonly channels?: readonly Channel[];
}): readonly Channel[] {
  const { channels, channel, map } = options;
  if (!Array.isArray(channels) || channels.length === 0 || !channels.every(isChannel)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `channels: expected an array of what uptr() and its like make, got ${show(channels)}`,
    );
  }
  if (map !== undefined || channel !== undefined) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      'channels: each names its map itself, give nothing else',
    );
  }
  return channels;
}

const NOWHERE = -1;

/** The channel that the options of an attach name. */
export function channelOf(options: { readonly map?: string; readonly channel?: Channel }): Channel {
  const { map, channel } = options;
  if (channel === undefined) return standardChannel(pinOf(map === undefined ? {} : { map }));
  if (!isChannel(channel) || map !== undefined) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      map === undefined
        ? `channel: expected one made by uptr() and its like, got ${show(channel)}`
        : 'map: a channel names its map itself, give one or the other',
    );
  }
  return channel;
}

/**
 * Writes the thread's collections into its blocks, from V8's callbacks inside the pause. What
 * `@schedhint/gc-hooks` stands on; use that.
 *
 * @param thread a handle of the calling thread, in one channel or several; the hook keeps the
 *   blocks when it is stopped
 * @returns stops it, once; null where V8's callbacks are not available, the handle was stopped, or no
 *   channel of it carries collections
 */
export function publishCollections(
  thread: Thread | { readonly threads: readonly Thread[] },
): (() => void) | null {
  const stops = JointHandle.each(thread)
    .map(publishIn)
    .filter((stop) => stop !== null);
  if (stops.length === 0) return null;
  return () => {
    for (const stop of stops.splice(0)) stop();
  };
}

function publishIn(thread: Thread): (() => void) | null {
  const held = Handle.held(thread);
  const request = held && gcRequestOf(held.channel);
  if (!request || !held.blocks.startGcHook(request)) return null;
  const { blocks } = held;
  // The hook writes to the blocks itself, so it holds them, whatever happens to the handle.
  blocks.acquire();
  return () => {
    blocks.stopGcHook();
    blocks.release();
  };
}

/**
 * Tells of a thread's status as if it had just changed. For `schedhint/register`, which begins to
 * follow it only when it has.
 */
export function announceStatus(thread: Thread): void {
  const held = Handle.held(thread);
  if (held !== null) announce(held.blocks);
}

/** Where a channel has its collections told; null: nowhere. */
function gcRequestOf(channel: Channel): GcRequest | null {
  if (channel.standard) {
    return { ...standardGcRequest, hint: channel.layered?.gc ?? NOWHERE };
  }
  if (channel.tld === undefined || Object.keys(channel.tld.gc).length === 0) return null;
  const { gc } = placesOf(channel as TldChannel);
  const placeOf = (offset: number | undefined) =>
    offset === undefined ? NOWHERE : TLD_HEADER + offset;
  return {
    wide: true,
    threadSlot: 0,
    gc: placeOf(gc.gc),
    count: NOWHERE,
    sinceNs: placeOf(gc.gcSinceNs),
    expectUs: placeOf(gc.gcExpectUs),
    flags: NOWHERE,
    liveFlag: 0,
    processSlot: NOWHERE,
    processCount: 0,
    hint: NOWHERE,
  };
}
