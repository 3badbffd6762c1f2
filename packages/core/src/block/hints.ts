// Defines the Hints interface, and the checks and conversions of its values that the hint classes of all channels share.

import { show, typeError } from '../errors.js';
import { integerCheck, isU64, type Range, refuse, THERE, U64_RANGE } from '../view/validate.js';
import { Phase, type PhaseName, URGENCY_MAX } from './standard-block.js';

/** What {@link Hints.set} takes: any of the hints. One that is undefined stays as it is. */
export interface HintGroup {
  urgency?: number | undefined;
  batch?: boolean | undefined;
  sliceUs?: number | undefined;
  deadlineNs?: number | bigint | undefined;
  user?: number | bigint | undefined;
  phase?: PhaseName | undefined;
}

/** The hints that `seq` brackets, converted and checked; undefined: stays as it is. */
export interface Bracketed {
  urgency: number | undefined;
  batch: boolean | undefined;
  sliceUs: number | undefined;
  deadlineNs: bigint | undefined;
  user: bigint | undefined;
}

/** The hints' names. */
export const HINT_KEYS = ['urgency', 'batch', 'sliceUs', 'deadlineNs', 'user', 'phase'] as const;
export const PHASES = Object.keys(Phase) as readonly PhaseName[];

// Local copies of what the checks use, for speed: see THERE in view/validate.ts.
const there = THERE;
const isWide = isU64;

/** Of `sliceUs`, a u32. */
export const SLICE_MAX = 0xffff_ffff;

export const checkUrgency = integerCheck('urgency', upTo(URGENCY_MAX));
export const checkSlice = integerCheck('sliceUs', upTo(SLICE_MAX));

/** Throws unless a hint is a boolean: of `batch`. */
export function checkBatch(value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') refuse('batch', 'a boolean', value, false);
}

function upTo(max: number): Range {
  return { min: 0, max, expected: `an integer 0..${max}` };
}

/**
 * What a thread tells the scheduler. Assigning a property is one plain aligned store: no system
 * call, and a reader sees the old value or the new one. {@link set} changes several as one.
 *
 * A block may have two writers, the thread itself and its parent (`hintsOf(worker)`): of two
 * assignments the later one stays.
 *
 * Values are checked before anything is stored: TypeError `ERR_FIELD_TYPE` for the wrong type,
 * RangeError `ERR_FIELD_RANGE` for a number out of range or a fraction.
 */
export interface Hints {
  /**
   * How much latency matters, 1..1024: 256 low, 512 normal, 768 high, 1024 critical. 0 = no opinion,
   * which a scheduler treats as normal.
   */
  urgency: number;

  /** Whether this is batch work: throughput matters and latency does not, whatever `urgency` says. */
  batch: boolean;

  /** The time slice wished for, in microseconds, 0..2^32-1; 0 = no opinion. */
  sliceUs: number;

  /**
   * When the work at hand is due: nanoseconds of CLOCK_MONOTONIC in the initial time namespace, any
   * integer 0..2^64-1; 0 = none. A number may be assigned (it is exact to 2^53, 104 days of uptime,
   * and within a microsecond for centuries), a bigint is read.
   */
  get deadlineNs(): bigint;
  set deadlineNs(value: number | bigint);

  /** The application's own: any integer 0..2^64-1, which means what its scheduler takes it to mean. */
  get user(): bigint;
  set user(value: number | bigint);

  /** What the thread is about. A value that this version has no name for reads as `'none'`. */
  phase: PhaseName;

  /**
   * Sets several hints as one: a reader sees all of the old values or all of the new ones. A hint that
   * is omitted or undefined stays as it is. Everything
   * is converted and checked first; if anything is wrong nothing is written. (`phase` may be in the
   * group, but is stored by itself: a reader may see it a moment apart from the rest. The `tld`
   * channel has no bracket at all: there each hint of a group is stored by itself.)
   *
   * If the block's other writer is in the middle of a group of its own, this waits for about a
   * microsecond at most. If that was not enough nothing is written yet: the group is kept, merged
   * with later ones, and tried again in each turn of the event loop until it is written (which keeps
   * no process alive). Until then the properties read as before; one that is assigned meanwhile
   * leaves the group. A thread that died in the middle leaves its block like that for good, and
   * then the group is never written; nothing waits for it.
   *
   * @throws TypeError `ERR_FIELD_UNKNOWN` for a key that is no hint, TypeError `ERR_FIELD_TYPE`,
   *   RangeError `ERR_FIELD_RANGE` as assignment does
   */
  set(group: HintGroup): void;

  /** Takes back every hint: no opinion, no deadline, no phase, and 0 for `user`. */
  reset(): void;

  /** The hints as they are now; bigints become decimal strings. */
  toJSON(): Record<string, unknown>;
}

/** A group, checked and converted; what it does not name is undefined. */
export interface Converted extends Bracketed {
  /** As the block has it. */
  readonly phase: number | undefined;
}

/** Checks a group. It allocates the result alone: a group is set for each request, or task. */
export function convert(group: HintGroup): Converted {
  if (typeof group !== 'object' || group === null) {
    throw typeError('ERR_FIELD_TYPE', `set: expected an object of hints, got ${show(group)}`);
  }
  let urgency: number | undefined;
  let batch: boolean | undefined;
  let sliceUs: number | undefined;
  let deadlineNs: bigint | undefined;
  let user: bigint | undefined;
  let phase: number | undefined;
  for (const key in group) {
    switch (key) {
      case 'urgency':
        urgency = group.urgency;
        if (urgency !== undefined) checkUrgency(urgency);
        break;
      case 'batch':
        batch = group.batch;
        if (batch !== undefined) checkBatch(batch);
        break;
      case 'sliceUs':
        sliceUs = group.sliceUs;
        if (sliceUs !== undefined) checkSlice(sliceUs);
        break;
      case 'deadlineNs':
        deadlineNs = asU64(key, group.deadlineNs);
        break;
      case 'user':
        user = asU64(key, group.user);
        break;
      case 'phase':
        phase = group.phase === undefined ? undefined : phaseNumber(group.phase);
        break;
      default:
        throw typeError(
          'ERR_FIELD_UNKNOWN',
          `set: expected ${HINT_KEYS.join(', ')}, got a hint named ${show(key)}`,
        );
    }
  }
  return { urgency, batch, sliceUs, deadlineNs, user, phase };
}

/** Throws unless a hint is a 64-bit integer: of `deadlineNs` and `user`. */
export function checkU64(name: string, value: number | bigint): void {
  const typeIsRight = typeof value === 'number' || typeof value === 'bigint';
  if (there[typeIsRight && isWide(value) ? 0 : 1] === undefined) {
    refuse(name, `an integer ${U64_RANGE}, a number or a bigint`, value, typeIsRight);
  }
}

function asU64(name: string, value: number | bigint | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  checkU64(name, value);
  return BigInt(value);
}

/** A phase as the block has it. */
export function phaseNumber(name: PhaseName): number {
  if (typeof name !== 'string' || !Object.hasOwn(Phase, name)) {
    const expected = PHASES.map((phase) => `'${phase}'`).join(', ');
    refuse('phase', `one of ${expected}`, name, typeof name === 'string');
  }
  return Phase[name];
}
