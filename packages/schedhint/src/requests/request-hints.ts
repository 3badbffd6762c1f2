// Defines the hints of one request, and validates them. An omitted hint keeps its previous value.

import { types } from 'node:util';
import { checkNames, deadlineOf, type HintValues, urgencyOf } from '@schedhint/core/thread';

/**
 * The hints of one request or job: how urgent it is, and by when it is due, in at most one of three ways. A deadline
 * is kept as a number of nanoseconds: exact to 2^53 (104 days of uptime), and within a microsecond for centuries.
 */
export type RequestHints = Readonly<
  Pick<HintValues, 'urgency' | 'deadlineMs' | 'deadlineAt' | 'deadlineNs'>
> & {
  /** Ends the request when it is aborted: that of a `fetch()` for it, or `AbortSignal.timeout()`. */
  readonly signal?: AbortSignal | undefined;
};

const NAMES = ['urgency', 'deadlineMs', 'deadlineAt', 'deadlineNs', 'signal'];

/** The largest double below 2^64: no deadline that a block can have is later. */
const LATEST_NS = 2 ** 64 - 2048;

/**
 * Checks all of a request's hints, and returns their deadline: nanoseconds as a number, which is exact to 2^53 and in any case to
 * half a microsecond. A bigint would be allocated, twice for each request.
 *
 * @param nowMs by monotonicMs()
 * @returns 0: none; `before` if the hints leave it open
 */
export function deadlineWanted(hints: RequestHints, before: number, nowMs: number): number {
  if (typeof hints !== 'object' || hints === null) {
    throw typeError('hints: expected an object', hints);
  }
  for (const name in hints) {
    switch (name) {
      case 'urgency':
      case 'deadlineMs':
      case 'deadlineAt':
      case 'deadlineNs':
      case 'signal':
        break;
      default: // an unknown one: it throws
        checkNames('hints', hints, NAMES);
    }
  }
  const { deadlineMs, deadlineAt, deadlineNs, signal } = hints;
  if (signal !== undefined && !isSignal(signal)) {
    throw typeError('signal: expected an AbortSignal', signal);
  }
  if (deadlineAt === undefined && deadlineNs === undefined) {
    if (deadlineMs === undefined) return before;
    if (typeof deadlineMs === 'number') {
      const due = Math.round((nowMs + deadlineMs) * 1e6);
      if (0 < due && due <= LATEST_NS) return due;
    }
  }
  const exact = deadlineOf(hints);
  return exact === undefined ? before : Math.min(Number(exact), LATEST_NS);
}

/** @returns 0: no opinion; `before` if the hints leave it open */
export function urgencyWanted({ urgency }: RequestHints, before: number): number {
  return urgency === undefined ? before : urgencyOf(urgency ?? 0);
}

/** Hints with others for what they leave open. What is no object of hints stays as it is, for {@link checked} to refuse. */
export function withDefaults(
  hints: RequestHints | null,
  { urgency, deadlineAt }: Pick<RequestHints, 'urgency' | 'deadlineAt'>,
): RequestHints | null {
  if (typeof hints !== 'object' || hints === null || types.isPromise(hints)) return hints;
  const hasDeadline =
    hints.deadlineMs !== undefined ||
    hints.deadlineAt !== undefined ||
    hints.deadlineNs !== undefined;
  return {
    ...hints,
    ...(hints.urgency === undefined ? { urgency } : {}),
    ...(hasDeadline ? {} : { deadlineAt }),
  };
}

/** By its methods: a polyfill's, and that of another realm (Jest), is one too. */
function isSignal(value: unknown): value is AbortSignal {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal === 'object' &&
    typeof signal?.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  );
}

function typeError(message: string, value: unknown): TypeError {
  const given = value === null ? 'null' : typeof value;
  return Object.assign(new TypeError(`${message}, got ${given}`), {
    code: 'ERR_SCHEDHINT_FIELD_TYPE',
  });
}
