import type { ChannelRequest, GcRequest } from '@schedhint/native';
import { ABI } from '../block/abi.js';
import type { Pin } from './map-location.js';

// What the addon is told of the standard blocks, in numbers. The preload needs no more of them than
// this, and block/standard-block.ts, which has their layouts, takes longer than all that the preload does;
// block/standard-block.test.ts compares the two.

/** Of the map's value: a pointer to the thread's block, one to the process's. */
const VALUE_SIZE = 16;
const THREAD_SLOT = 0;
const PROCESS_SLOT = 1;
const THREAD_SIZE = 128;
const PROCESS_SIZE = 64;
const JS_THREADS = 8;

const MAIN = 1;
const WORKER = 2;
const ROLE = 4;

/** A map of standard blocks. */
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
