// Defines the hints of one request, urgency and deadline, and validates them. An omitted hint keeps its previous value.

import { checkNames, deadlineOf, type HintValues, urgencyOf } from '@schedhint/core';

/** What one request, or job, wants the scheduler to know: how urgent it is, and by when it is due, in at most one of three ways. */
export type RequestHints = Readonly<
  Pick<HintValues, 'urgency' | 'deadlineMs' | 'deadlineAt' | 'deadlineNs'>
>;

const NAMES = ['urgency', 'deadlineMs', 'deadlineAt', 'deadlineNs'];

/** Checked and converted; what is omitted or undefined stays as it was before, null takes it back. */
export function checked(
  hints: RequestHints,
  before: { readonly urgency: number; readonly deadlineNs: bigint },
): { urgency: number; deadlineNs: bigint } {
  if (typeof hints !== 'object' || hints === null) {
    throw typeError('hints: expected an object', hints);
  }
  checkNames('hints', hints, NAMES);
  const { urgency } = hints;
  return {
    urgency: urgency === undefined ? before.urgency : urgencyOf(urgency ?? 0),
    deadlineNs: deadlineOf(hints) ?? before.deadlineNs,
  };
}

/** Throws unless it is a function: better at the start of a server than at its first request. */
export function checkDescribe(describe: unknown): void {
  if (typeof describe === 'function') return;
  const message = `describe: expected a function, got ${typeof describe}`;
  throw Object.assign(new TypeError(message), { code: 'ERR_SCHEDHINT_OPTION' });
}

function typeError(message: string, value: unknown): TypeError {
  return Object.assign(new TypeError(`${message}, got ${typeof value}`), {
    code: 'ERR_SCHEDHINT_FIELD_TYPE',
  });
}
