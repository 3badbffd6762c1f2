import { type Channel, pinOf, standardChannel, standardGc } from './channel.js';
import { show, typeError } from './errors.js';
import { Handle, type HintedThread, type Thread } from './handle.js';
import { Flag } from './standard.js';
import { ThreadBlocks } from './thread-blocks.js';

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

/** The channel that the options of an attach name. */
export function channelOf(options: { readonly map?: string; readonly channel?: Channel }): Channel {
  if (typeof options !== 'object' || options === null) {
    throw typeError('ERR_OPTION', `expected an object, got ${show(options)}`);
  }
  const { map, channel } = options;
  if (channel === undefined) return standardChannel(pinOf(map === undefined ? {} : { map }));
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

/**
 * Writes the thread's collections into its block, from V8's callbacks inside the pause. What
 * `@schedhint/gc-hooks` stands on; use that.
 *
 * @param thread a handle of the calling thread; the hook keeps the blocks when it is detached
 * @returns stops it, once; null where V8's callbacks can't be had or the handle is detached
 */
export function publishCollections(thread: HintedThread): (() => void) | null {
  const blocks = Handle.held(thread);
  if (!blocks?.startGcHook({ ...standardGc, liveFlag: Flag.gcLive, cycleFlag: Flag.gcCycle })) {
    return null;
  }
  // The hook writes to the blocks itself, so it holds them, whatever happens to the handle.
  blocks.acquire();
  let running = true;
  return () => {
    if (!running) return;
    running = false;
    blocks.stopGcHook();
    blocks.release();
  };
}
