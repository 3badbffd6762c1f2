// Attaches the calling thread to one channel or several, with the views of its blocks: for those who write their own schedulers.

import { type Channel, isChannel } from '../channel/channel.js';
import { viewStandardBlocks } from '../channel/standard-views.js';
import { checkOptions, show, typeError } from '../errors.js';
import { attachIn, isScoped } from './attach.js';
import { handleOfThreadIn, type JointThread, scopedHandleIn } from './joint-thread.js';
import type { HintedThread, ScopedThread, Thread, ThreadOf } from './thread-handle.js';

/**
 * Attaches the calling thread, main or worker, to the map of standard blocks, and returns its one handle. It is the handle that
 * `attachThread()` of `schedhint` and of `@schedhint/core/thread` returns; this one has `blocks`.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an option that does not exist
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
 * Attaches the calling thread to a map of another kind.
 *
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
 * Attaches the calling thread in several channels: one assignment to its `hints` goes to
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
  viewStandardBlocks();
  if (options.channels === undefined) return attachIn(options);
  const channels = channelsOf(options);
  return (isScoped(options) ? scopedHandleIn(channels) : handleOfThreadIn(channels)) as JointThread;
}

const OPTIONS = ['map', 'channel', 'channels', 'scoped'];

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
