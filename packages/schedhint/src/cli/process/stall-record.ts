// Reads the record of collections and stalls that a process shares in a memfd, from outside. The layout is ../../stalls/shared-record.ts.

import { closeSync, openSync, readSync } from 'node:fs';
import { descriptorsOf } from '../../proc/process.js';
import {
  RECORD_KINDS,
  RECORD_NAME,
  RECORD_PARTS,
  RECORD_SLOTS,
  SLOT,
  SLOT_BYTES,
} from '../../stalls/shared-record.js';

/** What a stall consists of. */
type StallPart = (typeof RECORD_PARTS)[number];
/** What a collection collects. */
type CollectionKind = (typeof RECORD_KINDS)[number];

/** What one thread that runs JavaScript has counted since it began to watch its stalls. Times are ms. */
export interface StallCounts {
  /** In the pid namespace of the process. */
  readonly tid: number;
  readonly threadId: number;
  readonly thresholdMs: number;
  readonly loopBusyMs: number;
  readonly loopIdleMs: number;
  readonly stalls: number;
  readonly longestStallMs: number;
  readonly parts: Readonly<Record<StallPart, number>>;
  readonly collections: Readonly<Record<CollectionKind, number>>;
  readonly collectionMs: Readonly<Record<CollectionKind, number>>;
  /** Of V8's heap after the last major collection; 0: not known. */
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly promotedBytes: number;
  readonly semiSpaceBytes: number;
}

const TRIES = 3;
const RECORD_TARGET = new RegExp(`^/memfd:${RECORD_NAME}( |$)`);

/**
 * Where a process has its record: a path that can be opened; null if it has none.
 *
 * @param folder `/proc/PID`
 * @throws EACCES where this user may not look at its descriptors
 */
export function findStallRecord(folder: string): string | null {
  return descriptorsOf(folder).find(({ target }) => RECORD_TARGET.test(target))?.path ?? null;
}

/** The threads in a record; empty if it can no longer be read. What is in it is the process's word, so each number is checked. */
export function readStallRecord(path: string): StallCounts[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    return Array.from({ length: RECORD_SLOTS }, (_, slot) => readSlot(fd, slot)).filter(
      (counts) => counts !== null,
    );
  } catch {
    return [];
  } finally {
    closeSync(fd);
  }
}

/** A slot that was not written while it was read; null if it is free, or written again and again. */
function readSlot(fd: number, slot: number): StallCounts | null {
  const at = slot * SLOT_BYTES;
  const bytes = new DataView(new ArrayBuffer(SLOT_BYTES));
  const seq = new DataView(new ArrayBuffer(4));
  for (let tries = 0; tries < TRIES; tries++) {
    if (readSync(fd, bytes, 0, SLOT_BYTES, at) < SLOT_BYTES) return null;
    readSync(fd, seq, 0, 4, at + SLOT.seq);
    const before = bytes.getUint32(SLOT.seq, true);
    if (before % 2 === 0 && before === seq.getUint32(0, true)) return parseSlot(bytes);
  }
  return null;
}

/** What a slot's bytes say; null: it is free. */
export function parseSlot(bytes: DataView): StallCounts | null {
  const u32 = (at: number) => bytes.getUint32(at, true);
  const f64 = (at: number) => {
    const number = bytes.getFloat64(at, true);
    return number > 0 && number < Number.MAX_SAFE_INTEGER ? number : 0;
  };
  const count = (at: number) => Math.floor(f64(at));
  const named = <Name extends string>(names: readonly Name[], at: number, read = f64) =>
    Object.fromEntries(names.map((name, i) => [name, read(at + 8 * i)])) as Record<Name, number>;
  const tid = u32(SLOT.tid);
  if (tid === 0) return null;
  return {
    tid,
    threadId: u32(SLOT.threadId),
    thresholdMs: u32(SLOT.thresholdMs),
    loopBusyMs: f64(SLOT.loopBusyMs),
    loopIdleMs: f64(SLOT.loopIdleMs),
    stalls: count(SLOT.stalls),
    longestStallMs: f64(SLOT.longestStallMs),
    parts: named(RECORD_PARTS, SLOT.parts),
    collections: named(RECORD_KINDS, SLOT.collections, count),
    collectionMs: named(RECORD_KINDS, SLOT.collectionMs),
    heapUsedBytes: count(SLOT.heapUsedBytes),
    heapLimitBytes: count(SLOT.heapLimitBytes),
    promotedBytes: count(SLOT.promotedBytes),
    semiSpaceBytes: count(SLOT.semiSpaceBytes),
  };
}
