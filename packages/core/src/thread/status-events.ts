// Publishes changes of a thread's status: to its listeners, on the diagnostics channel and to NODE_DEBUG. The addon
// reports that some status may have changed; this file compares the identities to find which.

import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import { listenToStatus, loadAddon } from '@schedhint/native';
import type { Status } from './status.js';

/** Called with each new status. */
export type StatusListener = (status: Status) => void;

/** What `diagnostics_channel` subscribers of `STATUS_CHANNEL` get. */
export interface StatusMessage {
  /** The thread's id in the kernel; 0 while it is not known. */
  readonly tid: number;
  /** Path of the map's pin. */
  readonly map: string;
  readonly status: Status;
}

/** The name of the diagnostics channel on which every change of a status is published. */
export const STATUS_CHANNEL = 'schedhint:status';

interface Followed {
  readonly tid: number;
  readonly map: string;
  readonly status: Status;
  /** Two statuses with the same identity are no change to a listener. */
  readonly identity: string | number;
  emitStatus(status: Status): void;
}

const debug = debuglog('schedhint');
const published = channel(STATUS_CHANNEL);
const followed = new Map<Followed, string | number>();
let listening = false;

/**
 * Announces each change of a status from now on: by its events, the diagnostics channel, the trace.
 *
 * @param identity of the blocks, now
 */
export function follow(blocks: Followed, identity: string | number): void {
  if (!listening) {
    listening = true;
    const loaded = loadAddon();
    if ('addon' in loaded) listenToStatus(loaded.addon, tell);
  }
  followed.set(blocks, identity);
  trace(blocks);
}

export function unfollow(blocks: Followed): void {
  followed.delete(blocks);
}

function tell(): void {
  for (const [blocks, before] of [...followed]) {
    const now = blocks.identity;
    if (now === before || !followed.has(blocks)) continue;
    followed.set(blocks, now);
    trace(blocks);
    announce(blocks);
  }
}

/** Announces a status as if it had just changed: for a caller that follows it because it has. */
export function announce(blocks: Followed): void {
  const { tid, map, status } = blocks;
  published.publish({ tid, map, status } satisfies StatusMessage);
  blocks.emitStatus(status);
}

function trace(blocks: Followed): void {
  if (!debug.enabled) return;
  const { tid, map, status } = blocks;
  const what =
    status.state === 'bound' ? `map ${status.map.id}` : `${status.code}: ${status.reason}`;
  debug('thread %d, %s: %s, %s', tid, map, status.state, what);
}
