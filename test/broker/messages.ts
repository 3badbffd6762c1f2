// The broker's protocol, as abi/include/schedhint/schedhint_broker.h has it, in bytes.

import { BROKER_VERSION, BrokerReason } from '@schedhint/native';

export const MAGIC = 0x31424853;
export const REQUEST_BYTES = 512;
export const ANSWER_BYTES = 64;

export const Kind = { open: 1, memory: 2, bind: 3, unbind: 4, end: 5 } as const;

const REASONS = {
  0: 'done',
  1: 'kernel',
  [BrokerReason.MapNotOffered]: 'map not offered',
  [BrokerReason.ForeignThread]: 'foreign thread',
  [BrokerReason.NotAThread]: 'not a thread',
  [BrokerReason.BadMemory]: 'bad memory',
  [BrokerReason.BadPointer]: 'bad pointer',
  [BrokerReason.Limit]: 'limit',
  [BrokerReason.OtherVersion]: 'other version',
} as const;
const KINDS = ['?', 'open', 'memory', 'bind', 'unbind', 'end'] as const;

export interface Answer {
  kind: (typeof KINDS)[number];
  reason: (typeof REASONS)[keyof typeof REASONS];
  id: number;
  step: number;
  error: number;
  detail: number;
  found: number;
  mapId: number;
}

/** 0, or which memory and where in it. */
export type Pointer = 0 | { memory: number; offset: number };

export interface Header {
  magic?: number;
  version?: number;
  kind: number;
  id?: number;
}

/** A request with a body of so many u32 words; the rest is zero. */
export function request(header: Header, ...words: number[]): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES);
  bytes.writeUInt32LE(header.magic ?? MAGIC, 0);
  bytes.writeUInt16LE(header.version ?? BROKER_VERSION, 4);
  bytes.writeUInt16LE(header.kind, 6);
  bytes.writeBigUInt64LE(BigInt(header.id ?? 0), 8);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, 16 + 4 * i);
  return bytes;
}

export interface Slot {
  offset: number;
  size: number;
}

export function openRequest(path: string, valueSize: number, slots: readonly Slot[], id = 0) {
  const bytes = request(
    { kind: Kind.open, id },
    valueSize,
    slots.length,
    ...slots.flatMap(({ offset, size }) => [offset, size]),
  );
  bytes.write(path, 16 + 8 + 16 * 8, 'latin1');
  return bytes;
}

export function memoryRequest(number: number, id = 0): Buffer {
  return request({ kind: Kind.memory, id }, number);
}

export function bindRequest(pointers: readonly Pointer[], id = 0): Buffer {
  const places = pointers.flatMap((p) => (p === 0 ? [0, 0] : [p.memory, p.offset]));
  return request({ kind: Kind.bind, id }, pointers.length, 0, ...places);
}

export function unbindRequest(id = 0): Buffer {
  return request({ kind: Kind.unbind, id });
}

/** Null: the connection has ended before a whole answer. */
export function readAnswer(bytes: Buffer, version: number = BROKER_VERSION): Answer | null {
  if (bytes.length === 0) return null;
  if (bytes.length !== ANSWER_BYTES) throw new Error(`${bytes.length} bytes are no answer`);
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt16LE(4) !== version) {
    throw new Error('header');
  }
  return {
    kind: KINDS[bytes.readUInt16LE(6)]!,
    id: Number(bytes.readBigUInt64LE(8)),
    reason: REASONS[bytes.readUInt32LE(16) as keyof typeof REASONS],
    step: bytes.readUInt32LE(20),
    error: bytes.readInt32LE(24),
    detail: bytes.readUInt32LE(28),
    found: bytes.readUInt32LE(32),
    mapId: bytes.readUInt32LE(36),
  };
}
