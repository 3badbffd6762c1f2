// Lays out the record of stalls that a process shares with `schedhint why`: a slot for each thread, in a memfd.

/** The memfd's name. Another process finds it as the target of a link in /proc/PID/fd: `/memfd:schedhint:stalls (deleted)`. */
export const RECORD_NAME = 'schedhint:stalls';

/** How many threads one record has room for. */
export const RECORD_SLOTS = 64;

/** Bytes of a slot. Slot n begins at n times this. */
export const SLOT_BYTES = 256;

/** The parts of a stall, in the order of a slot. */
export const RECORD_PARTS = [
  'gc',
  'code',
  'noCpu',
  'throttled',
  'blocked',
  'paused',
  'unknown',
] as const;

/** The same in words for people. */
export const PART_WORDS = {
  gc: 'GC',
  code: 'code',
  noCpu: 'no CPU',
  throttled: 'throttled',
  blocked: 'blocked',
  paused: 'paused',
  unknown: 'unknown',
} as const satisfies Readonly<Record<(typeof RECORD_PARTS)[number], string>>;

/** The kinds of collections, in the order of a slot. */
export const RECORD_KINDS = ['minor', 'major', 'other'] as const;

/**
 * Where in a slot a value lies. Numbers are those of the machine (little-endian); u32 unless said otherwise. A reader loads `seq`,
 * copies the slot, and loads `seq` again: if it was odd or has changed, the copy is torn, and it tries again.
 */
export const SLOT = {
  /** Grows by 2 with each writing; odd while a writing is in progress. */
  seq: 0,
  /** The thread's id in the kernel, in the pid namespace of the process. 0: the slot is free. */
  tid: 4,
  /** Node.js's `threadId`; 0 is the main thread. */
  threadId: 8,
  /** The threshold of a stall, ms. */
  thresholdMs: 12,
  /** f64: since when stalls are watched, ms since the epoch. */
  startedAtMs: 16,
  /** f64: when the slot was last written, ms since the epoch. */
  updatedAtMs: 24,
  /** f64: how long the event loop has run callbacks since, ms. */
  loopBusyMs: 32,
  /** f64: how long it has waited for events since, ms. */
  loopIdleMs: 40,
  /** f64: how many stalls there were since. */
  stalls: 48,
  /** f64[7]: of all stalls since, ms of each part: {@link RECORD_PARTS}. */
  parts: 56,
  /** f64[3]: how many collections there were since, of each kind: {@link RECORD_KINDS}. */
  collections: 112,
  /** f64[3]: how long they took, ms. */
  collectionMs: 136,
  /**
   * f64: bytes in use of V8's old generation after its last major collection. An estimate: the size of the old generation is read once a
   * second, and is taken when it has shrunk, or at the first look. 0: not known.
   */
  heapUsedBytes: 160,
  /** f64: how large V8's heap may become, bytes. 0: not known. */
  heapLimitBytes: 168,
  /**
   * f64: bytes that have come into the old generation since, most of them moved there by minor collections. An estimate: what the old generation
   * has grown by between two looks, one a second; a second in which a major collection has shrunk it adds nothing. 0: not known.
   */
  promotedBytes: 176,
  /** f64: the current capacity of the young generation, which V8 changes, in bytes; read once a second. 0: not known. */
  semiSpaceBytes: 184,
  /** f64: the longest stall since, ms. */
  longestStallMs: 192,
} as const;
