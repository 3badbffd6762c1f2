import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { RECORD_SLOTS, SLOT, SLOT_BYTES } from '../../stalls/shared-record.js';
import { findStallRecord, parseSlot, readStallRecord } from './stall-record.js';

const made = mkdtempSync(join(tmpdir(), 'schedhint-record-'));
const file = join(made, 'record');
beforeEach(() => {
  rmSync(made, { recursive: true, force: true });
  mkdirSync(join(made, 'fd'), { recursive: true });
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

/** A record with these slots filled in. */
function put(slots: Readonly<Record<number, (slot: DataView) => void>>): void {
  const bytes = new Uint8Array(RECORD_SLOTS * SLOT_BYTES);
  for (const [slot, fill] of Object.entries(slots)) {
    fill(new DataView(bytes.buffer, Number(slot) * SLOT_BYTES, SLOT_BYTES));
  }
  writeFileSync(file, bytes);
}

describe('the record of a process', () => {
  test('is found by the name of its memfd', () => {
    symlinkSync('/memfd:schedhint (deleted)', join(made, 'fd/3'));
    symlinkSync('/memfd:schedhint:stallsX (deleted)', join(made, 'fd/4'));
    expect(findStallRecord(made)).toBeNull();
    symlinkSync('/memfd:schedhint:stalls (deleted)', join(made, 'fd/5'));
    expect(findStallRecord(made)).toBe(join(made, 'fd/5'));
    expect(() => findStallRecord(join(made, 'none'))).toThrow('ENOENT');
  });

  test('has a slot for each thread', () => {
    put({
      0: (slot) => {
        slot.setUint32(SLOT.seq, 4, true);
        slot.setUint32(SLOT.tid, 77, true);
        slot.setUint32(SLOT.thresholdMs, 50, true);
        slot.setFloat64(SLOT.stalls, 3, true);
        slot.setFloat64(SLOT.parts + 8, 120.5, true);
        slot.setFloat64(SLOT.collections + 8, 9, true);
        slot.setFloat64(SLOT.longestStallMs, 99, true);
      },
      63: (slot) => {
        slot.setUint32(SLOT.tid, 78, true);
        slot.setUint32(SLOT.threadId, 2, true);
      },
    });
    const [main, worker, ...others] = readStallRecord(file);
    expect(main).toMatchObject({
      tid: 77,
      threadId: 0,
      thresholdMs: 50,
      stalls: 3,
      longestStallMs: 99,
      parts: { gc: 0, code: 120.5 },
      collections: { minor: 0, major: 9, other: 0 },
    });
    expect(worker).toMatchObject({ tid: 78, threadId: 2, stalls: 0 });
    expect(others).toEqual([]);
  });

  test('a slot that is being written is left out', () => {
    put({
      0: (slot) => {
        slot.setUint32(SLOT.seq, 5, true);
        slot.setUint32(SLOT.tid, 77, true);
      },
    });
    expect(readStallRecord(file)).toEqual([]);
  });

  test('one that is too short, or has gone, is empty', () => {
    writeFileSync(file, new Uint8Array(SLOT_BYTES - 1));
    expect(readStallRecord(file)).toEqual([]);
    expect(readStallRecord(join(made, 'none'))).toEqual([]);
    expect(readStallRecord(made)).toEqual([]);
  });

  test('hostile contents give numbers that are finite and not negative', () => {
    const bytes = fc.uint8Array({ minLength: SLOT_BYTES, maxLength: SLOT_BYTES });
    fc.assert(
      fc.property(bytes, (slot) => {
        const counts = parseSlot(new DataView(slot.slice().buffer));
        if (counts === null) return;
        const { parts, collections, collectionMs, ...others } = counts;
        for (const values of [parts, collections, collectionMs, others]) {
          for (const value of Object.values(values)) {
            expect(Number.isFinite(value) && value >= 0).toBe(true);
          }
        }
      }),
    );
  });
});
