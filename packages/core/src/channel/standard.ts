// Builds the addon's requests for the standard block: its slots in the map's value and the offsets that the GC hook writes to.
// The preload loads this file, so it imports only numbers from abi.ts, never the layouts.

import type { ChannelRequest, GcRequest } from '@schedhint/native';
import {
  ABI,
  JS_THREADS,
  MAIN,
  PROCESS_SIZE,
  PROCESS_SLOT,
  ROLE,
  THREAD_SIZE,
  THREAD_SLOT,
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
      { offset: 0, size: THREAD_SIZE, owner: 'thread' },
      { offset: 8, size: PROCESS_SIZE, owner: 'process' },
    ],
    countSlot: PROCESS_SLOT,
    countOffset: JS_THREADS,
  };
}

/** Where the GC hook writes to; `hint` is layered's. */
export const standardGcRequest: GcRequest = Object.freeze({
  wide: false,
  threadSlot: THREAD_SLOT,
  gc: 8,
  count: 12,
  sinceNs: 16,
  expectNs: 24,
  flags: 60,
  liveFlag: 1,
  cycleFlag: 4,
  processSlot: PROCESS_SLOT,
  processCount: 4,
  hint: -1,
});

/** Stores a number of so many bytes in the block behind a slot. */
export type StoreInBlock = (slot: number, offset: number, bytes: 2 | 4, value: number) => void;

/** Fills in what a thread's blocks say from the start. `abi` comes last: 0 is an empty block. */
export function introduce(store: StoreInBlock, isMain: boolean): void {
  store(THREAD_SLOT, ROLE, 2, isMain ? MAIN : WORKER);
  store(THREAD_SLOT, 0, 4, ABI);
  store(PROCESS_SLOT, 0, 4, ABI);
}
