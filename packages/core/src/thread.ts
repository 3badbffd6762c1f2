import type { GcRequest } from '@schedhint/native';
import { type Channel, isChannel, standardChannel } from './channel.js';
import { show, typeError } from './errors.js';
import { Handle, type HintedThread, type Thread, type ThreadOf } from './handle.js';
import { JointHandle, type JointThread } from './joint-thread.js';
import { pinOf } from './pin.js';
import { standardGcRequest } from './standard-request.js';
import { announce } from './status-events.js';
import { ThreadBlocks } from './thread-blocks.js';
import { TLD_HEADER, type TldChannel } from './tld.js';
import { placesOf } from './tld-places.js';

/**
 * Attaches the calling thread, main or worker: from now on its blocks are the kernel's too. It may
 * be called by anyone in the thread, as often as they like; the same map gives the same blocks, and
 * they live as long as the thread unless every handle is detached.
 *
 * Nothing here throws for a missing map, a refused permission, an old kernel or another platform:
 * hints then go to private memory and {@link Thread.status} says why. A map that appears later, or
 * takes another's place, is bound by itself.
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
export function attachThread<C extends Channel>(options: { readonly channel: C }): ThreadOf<C>;
/**
 * Attaches the calling thread in several channels at once: one assignment to its `hints` goes to
 * all of them.
 *
 * @param options.channels made by {@link uptr} and its like, at least one
 * @throws TypeError `ERR_OPTION` if that is not what they are
 */
export function attachThread<const C extends readonly Channel[]>(options: {
  readonly channels: C;
}): JointThread<C>;
export function attachThread(
  options: {
    readonly map?: string;
    readonly channel?: Channel;
    readonly channels?: readonly Channel[];
  } = {},
): Thread | JointThread {
  if (options?.channels !== undefined) return new JointHandle(channelsOf(options)) as JointThread;
  const channel = channelOf(options);
  return new Handle(channel, ThreadBlocks.own(channel));
}

function channelsOf(options: { readonly channels?: readonly Channel[] }): readonly Channel[] {
  const { channels, ...others } = options;
  if (!Array.isArray(channels) || channels.length === 0 || !channels.every(isChannel)) {
    throw typeError(
      'ERR_OPTION',
      `channels: expected an array of what uptr() and its like make, got ${show(channels)}`,
    );
  }
  if (Object.values(others).some((value) => value !== undefined)) {
    throw typeError('ERR_OPTION', 'channels: each names its map itself, give nothing else');
  }
  return channels;
}

const NOWHERE = -1;

/** The channel that the options of an attach name. */
export function channelOf(options: { readonly map?: string; readonly channel?: Channel }): Channel {
  if (typeof options !== 'object' || options === null) {
    throw typeError('ERR_OPTION', `expected an object, got ${show(options)}`);
  }
  const { map, channel } = options;
  if (channel === undefined) return standardChannel(pinOf(map === undefined ? {} : { map }));
  if (!isChannel(channel) || map !== undefined) {
    throw typeError(
      'ERR_OPTION',
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
 *   blocks when it is detached
 * @returns stops it, once; null where V8's callbacks can't be had, the handle is detached, or no
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
    expectNs: placeOf(gc.gcExpectNs),
    flags: NOWHERE,
    liveFlag: 0,
    cycleFlag: 0,
    processSlot: NOWHERE,
    processCount: 0,
    hint: NOWHERE,
  };
}
