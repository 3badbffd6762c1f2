// Defines the hints of one request, and validates them. An omitted hint keeps its previous value.

import { types } from 'node:util';
import { checkNames, deadlineOf, type HintValues, urgencyOf } from '@schedhint/core/thread';

/** What one request, or job, wants the scheduler to know: how urgent it is, and by when it is due, in at most one of three ways. */
export type RequestHints = Readonly<
  Pick<HintValues, 'urgency' | 'deadlineMs' | 'deadlineAt' | 'deadlineNs'>
> & {
  /** Ends the request when it is aborted: that of a `fetch()` for it, or `AbortSignal.timeout()`. */
  readonly signal?: AbortSignal | undefined;
};

const NAMES = ['urgency', 'deadlineMs', 'deadlineAt', 'deadlineNs', 'signal'];

/** Checked and converted; what is omitted or undefined stays as it was before, null takes it back. */
export function checked(
  hints: RequestHints,
  before: { readonly urgency: number; readonly deadlineNs: bigint },
): { urgency: number; deadlineNs: bigint } {
  if (typeof hints !== 'object' || hints === null) {
    throw typeError('hints: expected an object', hints);
  }
  checkNames('hints', hints, NAMES);
  const { urgency, signal } = hints;
  if (signal !== undefined && !isSignal(signal)) {
    throw typeError('signal: expected an AbortSignal', signal);
  }
  return {
    urgency: urgency === undefined ? before.urgency : urgencyOf(urgency ?? 0),
    deadlineNs: deadlineOf(hints) ?? before.deadlineNs,
  };
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
