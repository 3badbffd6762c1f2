// Defines the Hints interface, and the checks and conversions of its values that the hint classes of all channels share.

import { checkNames, show, typeError } from '../errors.js';
import { wholeOf } from '../view/int64.js';
import { integerCheck, isU64, type Range, refuse, THERE, U64_RANGE } from '../view/validate.js';
import { deadlineAfter, deadlineAt, millisecondsTo } from './clock.js';
import { Phase, type PhaseName, URGENCY, URGENCY_MAX } from './standard-values.js';

/** Names of urgencies: 256, 512, 768 and 1024. */
export type UrgencyName = 'low' | 'normal' | 'high' | 'critical';

/** How much latency matters: by name, or 1..1024; 0 = no opinion. */
export type Urgency = UrgencyName | number;

/**
 * What {@link Hints.set} takes: any of the hints. `undefined` leaves a hint as it is, `null` takes it back.
 */
export interface HintValues {
  urgency?: Urgency | null | undefined;
  batch?: boolean | null | undefined;
  sliceUs?: number | null | undefined;
  /** When the work is due: so many milliseconds from now. At most one of the three `deadline…`. */
  deadlineMs?: number | null | undefined;
  /** The same by the wall clock: a Date, or milliseconds since the epoch; Infinity = none. Converted once. */
  deadlineAt?: Date | number | null | undefined;
  /** The same by the scheduler's clock: what `deadlineIn()` returned, maybe in another thread. */
  deadlineNs?: number | bigint | null | undefined;
  user?: number | bigint | null | undefined;
  phase?: PhaseName | null | undefined;
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

/** What {@link Hints.set} knows. */
const VALUE_KEYS = 'urgency batch sliceUs deadlineMs deadlineAt deadlineNs user phase'.split(' ');

const URGENCY_NAMES: readonly string[] = ['low', 'normal', 'high', 'critical'];
export const PHASES = Object.keys(Phase) as readonly PhaseName[];

// Local copies of what the checks use, for speed: see THERE in view/validate.ts.
const there = THERE;
const isWide = isU64;

/** Of `sliceUs`, a u32. */
export const SLICE_MAX = 0xffff_ffff;

const EXPECTED_URGENCY = `'low', 'normal', 'high', 'critical' or an integer 0..${URGENCY_MAX}`;
const checkUrgency = integerCheck('urgency', {
  min: 0,
  max: URGENCY_MAX,
  expected: EXPECTED_URGENCY,
});
export const checkSlice = integerCheck('sliceUs', upTo(SLICE_MAX));

/** Throws unless a hint is a boolean: of `batch`. */
export function checkBatch(value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') refuse('batch', 'a boolean', value, false);
}

/**
 * An urgency as the block has it.
 *
 * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE` for what is neither a number nor a string; RangeError
 *   `ERR_SCHEDHINT_FIELD_RANGE` for another name, a number out of range or a fraction
 */
export function urgencyOf(value: Urgency): number {
  if (typeof value === 'string') {
    if (!URGENCY_NAMES.includes(value)) refuse('urgency', EXPECTED_URGENCY, value, true);
    return URGENCY[value];
  }
  checkUrgency(value);
  return value;
}

function upTo(max: number): Range {
  return { min: 0, max, expected: `an integer 0..${max}` };
}

/**
 * A thread's hints to the scheduler. Assigning a property is one plain aligned store: no system
 * call, and a reader sees the old value or the new one. {@link set} changes several as one.
 *
 * A block may have two writers, the thread itself and its parent (`hintsOf(worker)`): of two
 * assignments the later one stays.
 *
 * Values are checked before anything is stored: TypeError `ERR_SCHEDHINT_FIELD_TYPE` for the wrong type,
 * RangeError `ERR_SCHEDHINT_FIELD_RANGE` for a number out of range or a fraction.
 */
export interface Hints {
  /**
   * How much latency matters: `'low'`, `'normal'`, `'high'`, `'critical'`, or 1..1024, of which these are 256, 512, 768 and
   * 1024. Reads as a number. 0 = no opinion, which a scheduler treats as normal.
   */
  get urgency(): number;
  set urgency(value: Urgency);

  /** Whether this is batch work: throughput matters and latency does not, whatever `urgency` says. */
  batch: boolean;

  /** The time slice wished for, in microseconds, 0..2^32-1; 0 = no opinion. */
  sliceUs: number;

  /**
   * When the work at hand is due, in milliseconds from now: 0.5..2^53, fractions count; null = no deadline. Reads what is left,
   * negative when it is over.
   */
  get deadlineMs(): number | null;
  set deadlineMs(value: number | null);

  /**
   * The same as a point in time: nanoseconds of CLOCK_MONOTONIC in the initial time namespace, any
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
   * is omitted or undefined stays as it is; null takes it back. Everything
   * is converted and checked first; if anything is wrong nothing is written. (`phase` may be in the
   * group, but is stored separately: a reader may see it a moment apart from the rest. The `tld`
   * channel has no bracket at all: there each hint of a group is stored separately.)
   *
   * If the block's other writer is in the middle of a group, this waits for about a
   * microsecond at most. If that was not enough nothing is written yet: the group is kept, merged
   * with later ones, and tried again in each turn of the event loop until it is written (which keeps
   * no process alive). Until then the properties read as before; one that is assigned meanwhile
   * leaves the group. A thread that died in the middle leaves its block like that for good, and
   * then the group is never written; nothing waits for it.
   *
   * @throws TypeError `ERR_SCHEDHINT_OPTION` for a key that is no hint, or two deadlines; TypeError
   *   `ERR_SCHEDHINT_FIELD_TYPE`, RangeError `ERR_SCHEDHINT_FIELD_RANGE` as assignment does
   */
  set(values: HintValues): void;

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
export function convert(values: HintValues): Converted {
  if (typeof values !== 'object' || values === null) {
    throw typeError(
      'ERR_SCHEDHINT_FIELD_TYPE',
      `set: expected an object of hints, got ${show(values)}`,
    );
  }
  let urgency: number | undefined;
  let batch: boolean | undefined;
  let sliceUs: number | undefined;
  let hasDeadline = false;
  let user: bigint | undefined;
  let phase: number | undefined;
  for (const key in values) {
    switch (key) {
      case 'urgency':
        if (values.urgency === undefined) break;
        urgency = values.urgency === null ? 0 : urgencyOf(values.urgency);
        break;
      case 'batch':
        if (values.batch === undefined) break;
        batch = values.batch ?? false;
        checkBatch(batch);
        break;
      case 'sliceUs':
        if (values.sliceUs === undefined) break;
        sliceUs = values.sliceUs ?? 0;
        checkSlice(sliceUs);
        break;
      case 'deadlineNs':
      case 'deadlineMs':
      case 'deadlineAt':
        hasDeadline = true;
        break;
      case 'user':
        user = asU64(key, values.user);
        break;
      case 'phase':
        if (values.phase === undefined) break;
        phase = phaseNumber(values.phase ?? 'none');
        break;
      default:
        checkNames('set', values, VALUE_KEYS);
    }
  }
  const deadlineNs = hasDeadline ? deadlineOf(values) : undefined;
  return { urgency, batch, sliceUs, deadlineNs, user, phase };
}

/**
 * The deadline that hints name in one of three ways, as the block has it.
 *
 * @returns 0n: none, `null` was given; undefined: it stays as it is
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for two of them; TypeError `ERR_SCHEDHINT_FIELD_TYPE`, RangeError
 *   `ERR_SCHEDHINT_FIELD_RANGE` for what is no time
 */
export function deadlineOf(
  values: Pick<HintValues, 'deadlineMs' | 'deadlineAt' | 'deadlineNs'>,
): bigint | undefined {
  const { deadlineMs, deadlineAt: at, deadlineNs } = values;
  if (deadlineMs === undefined && at === undefined) return asU64('deadlineNs', deadlineNs);
  if (deadlineNs !== undefined || (deadlineMs !== undefined && at !== undefined)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      'expected one of deadlineMs, deadlineAt and deadlineNs, got more',
    );
  }
  if (at === undefined) return deadlineMs == null ? 0n : deadlineAfter('deadlineMs', deadlineMs);
  return at === null ? 0n : deadlineAt(at);
}

/** Throws unless a hint is a 64-bit integer: of `deadlineNs` and `user`. */
export function checkU64(name: string, value: number | bigint): void {
  const typeIsRight = typeof value === 'number' || typeof value === 'bigint';
  if (there[typeIsRight && isWide(value) ? 0 : 1] === undefined) {
    refuse(name, `an integer ${U64_RANGE}, a number or a bigint`, value, typeIsRight);
  }
}

function asU64(name: string, value: number | bigint | null | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 0n;
  checkU64(name, value);
  return typeof value === 'number' ? wholeOf(value) : value;
}

/** A deadline of a thread in milliseconds from now, as {@link Hints.deadlineMs} reads it. */
export function deadlineMsOf(deadlineNs: bigint): number | null {
  return deadlineNs === 0n ? null : millisecondsTo(deadlineNs);
}

/** The same as it is assigned. */
export function deadlineNsOf(deadlineMs: number | null): bigint {
  return deadlineMs === null ? 0n : deadlineAfter('deadlineMs', deadlineMs);
}

/** A phase as the block has it. */
export function phaseNumber(name: PhaseName): number {
  if (typeof name !== 'string' || !Object.hasOwn(Phase, name)) {
    const expected = PHASES.map((phase) => `'${phase}'`).join(', ');
    refuse('phase', `one of ${expected}`, name, typeof name === 'string');
  }
  return Phase[name];
}
