// Builds the addon's requests for the standard block: its slots in the map's value and the offsets that the GC hook writes to.
// The preload loads this file, so it imports only numbers from abi.ts, never the layouts.

import type { ChannelRequest, GcRequest, HelpersRequest } from '@schedhint/native';
import {
  ABI,
  BOUND_THREADS,
  HELPERS_BOUND,
  HELPERS_INHERIT,
  MAIN,
  PROCESS_ATTACH_NS,
  PROCESS_FLAGS,
  PROCESS_READER,
  PROCESS_RUNTIME,
  PROCESS_SIZE,
  PROCESS_SLOT,
  ROLE,
  THREAD_ATTACH_NS,
  THREAD_READER,
  THREAD_RUNTIME,
  THREAD_SIZE,
  THREAD_SLOT,
  V8,
  VALUE_SIZE,
  WORKER,
} from '../block/abi.js';
import type { Pin } from './map-location.js';

/** The request to attach to a map of standard blocks. */
export function standardRequest(pin: Pin): ChannelRequest {
  return {
    kind: 'uptr',
    ...pin,
    valueSize: VALUE_SIZE,
    slots: [
      {
        offset: 0,
        size: THREAD_SIZE,
        owner: 'thread',
        attachNs: THREAD_ATTACH_NS,
        reader: THREAD_READER,
      },
      {
        offset: 8,
        size: PROCESS_SIZE,
        owner: 'process',
        attachNs: PROCESS_ATTACH_NS,
        reader: PROCESS_READER,
      },
    ],
    countSlot: PROCESS_SLOT,
    countOffset: BOUND_THREADS,
  };
}

/** Where the GC hook writes to; `hint` is layered's. */
export const standardGcRequest: GcRequest = Object.freeze({
  wide: false,
  threadSlot: THREAD_SLOT,
  gc: 8,
  count: 12,
  sinceNs: 16,
  expectUs: 48,
  flags: 88,
  liveFlag: 1,
  processSlot: PROCESS_SLOT,
  processCount: 4,
  hint: -1,
});

/** Where the process's block has what is known of helper threads. */
export const standardHelpersRequest = Object.freeze<HelpersRequest>({
  processSlot: PROCESS_SLOT,
  flags: PROCESS_FLAGS,
  boundFlag: HELPERS_BOUND,
  inheritFlag: HELPERS_INHERIT,
  // abi, attach_ns, runtime
  same: [0, PROCESS_ATTACH_NS, PROCESS_ATTACH_NS + 4, PROCESS_RUNTIME],
});

/** Stores a number of so many bytes in the block behind a slot. */
export type StoreInBlock = (slot: number, offset: number, bytes: 2 | 4, value: number) => void;

/** Fills in what a thread's blocks say from the start. `abi` comes last: 0 is an empty block. */
export function introduce(store: StoreInBlock, isMain: boolean): void {
  store(THREAD_SLOT, ROLE, 2, isMain ? MAIN : WORKER);
  store(THREAD_SLOT, THREAD_RUNTIME, 2, V8);
  store(THREAD_SLOT, 0, 4, ABI);
  store(PROCESS_SLOT, PROCESS_RUNTIME, 2, V8);
  store(PROCESS_SLOT, 0, 4, ABI);
}
