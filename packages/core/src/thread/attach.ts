// Attaches the calling thread to a channel and returns its handle. Also starts the GC hook that writes
// collections into the thread's blocks.

import type { Feedback } from '../block/feedback.js';
import { type Channel, isChannel, standardChannel } from '../channel/channel.js';
import { pinOf } from '../channel/map-location.js';
import { checkOptions, show, typeError } from '../errors.js';
import type { Status } from './status.js';
import { announce } from './status-events.js';
import { ThreadBlocks } from './thread-binding.js';
import {
  type AttachedThread,
  Handle,
  handleOfThread,
  ScopedHandle,
  type ScopedThread,
  type StandardThread,
  type ThreadOf,
} from './thread-handle.js';

/**
 * Attaches the calling thread, main or worker: from now on its blocks are the kernel's too. Returns
 * the thread's one handle, which ends with the thread: the same object at each call, so it may be
 * called for each request. A caller that has to give its blocks back asks for a scoped handle.
 *
 * Nothing here throws for a missing map, a refused permission, an old kernel or another platform:
 * hints then go to private memory and {@link Thread.status} says why. A map that appears later, or
 * takes another's place, is bound automatically.
 *
 * @param options.map path of the pinned map of standard blocks; by default `SCHEDHINT_MAP`, else
 *   `/sys/fs/bpf/schedhint`
 * @param options.scoped true: a new handle, see {@link ScopedThread}
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option
 */
export function attachThread(options?: {
  readonly map?: string;
  readonly scoped?: false;
}): StandardThread;
export function attachThread(options: {
  readonly map?: string;
  readonly scoped: true;
}): ScopedThread<StandardThread>;
/**
 * Attaches the calling thread to a map of another kind. The same handle for the same channel, so
 * make the channel once.
 *
 * @param options.channel made by `uptr`: the map, and what its value looks like
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
export function attachThread(options: AttachOptions = {}): AttachedThread {
  checkOptions('attachThread', options, ['map', 'channel', 'scoped']);
  return attachIn(options);
}

/** What {@link attachThread} is given. */
interface AttachOptions {
  readonly map?: string;
  readonly channel?: Channel;
  readonly scoped?: boolean;
}

/** Attaches by options of which the names are known. */
export function attachIn(options: AttachOptions): Handle {
  const channel = channelOf(options);
  return isScoped(options)
    ? new ScopedHandle(channel, ThreadBlocks.own(channel))
    : handleOfThread(channel);
}

/** Whether the caller gives the blocks back. @throws TypeError `ERR_SCHEDHINT_OPTION` */
export function isScoped({ scoped }: { readonly scoped?: boolean }): boolean {
  if (scoped !== undefined && typeof scoped !== 'boolean') {
    throw typeError('ERR_SCHEDHINT_OPTION', `scoped: expected a boolean, got ${show(scoped)}`);
  }
  return scoped === true;
}

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
 * The calling thread's status and feedback, if some code has attached it to a map of standard blocks: by `attachThread()`, for what it
 * looks at. It keeps nothing attached, so ask again for each use.
 *
 * @returns undefined where it is not attached
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an unknown option
 */
export function attachedThread(
  options: { readonly map?: string } = {},
): { readonly status: Status; readonly feedback: Feedback } | undefined {
  checkOptions('attachedThread', options, ['map']);
  const blocks = ThreadBlocks.attached(channelOf(options));
  return blocks && { status: blocks.status, feedback: blocks.feedback };
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
  thread: AttachedThread | { readonly threads: readonly AttachedThread[] },
): (() => void) | null {
  const stops = ('threads' in thread ? thread.threads : [thread])
    .map(publishIn)
    .filter((stop) => stop !== null);
  if (stops.length === 0) return null;
  return () => {
    for (const stop of stops.splice(0)) stop();
  };
}

function publishIn(thread: AttachedThread): (() => void) | null {
  const held = Handle.held(thread);
  const request = held?.channel.parts.gcRequest?.();
  if (!held || !request || !held.blocks.startGcHook(request)) return null;
  const { blocks } = held;
  // The hook writes to the blocks itself, so it holds them, whatever happens to the handle.
  blocks.acquire();
  return () => {
    blocks.stopGcHook();
    blocks.release();
  };
}

/**
 * Announces a thread's status as if it had just changed. For `schedhint/register`, which begins to
 * follow it only when it has.
 */
export function announceStatus(thread: AttachedThread): void {
  const held = Handle.held(thread);
  if (held !== null) announce(held.blocks);
}
