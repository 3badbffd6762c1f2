import type { ChannelRequest, GcRequest } from '@schedhint/native';
import type { BlockPlace } from './block-place.js';
import type { Pin } from './pin.js';

// What the addon is told of the standard blocks, in numbers. The preload needs no more of them than
// this, and standard.ts, which has their layouts, takes longer than all that the preload does;
// standard.test.ts compares the two.

/** Of the map's value: a pointer to the thread's block, one to the process's. */
const VALUE_SIZE = 16;
export const THREAD_SLOT = 0;
export const PROCESS_SLOT = 1;
export const SLOTS = 2;
const THREAD_SIZE = 128;
const PROCESS_SIZE = 64;
const JS_THREADS = 8;

/** The version of the standard blocks. A block whose `abi` is 0 holds nothing. */
export const ABI = 1;
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

/** Fills in what a thread's blocks say from the start. `abi` comes last: 0 is an empty block. */
export function introduce(places: readonly BlockPlace[], isMain: boolean): void {
  const thread = places[THREAD_SLOT]!;
  const process = places[PROCESS_SLOT]!;
  new Uint16Array(thread.buffer)[(thread.offset + ROLE) / 2] = isMain ? MAIN : WORKER;
  new Uint32Array(thread.buffer)[thread.offset / 4] = ABI;
  new Uint32Array(process.buffer)[process.offset / 4] = ABI;
}
