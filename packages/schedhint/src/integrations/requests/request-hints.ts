// Defines the hints of one request, urgency and deadline, and validates them. An omitted hint keeps its previous value.

import { URGENCY_MAX } from '@schedhint/core';

/** What one request, or job, wants the scheduler to know. */
export interface RequestHints {
  /** 1..1024: 256 low, 512 normal, 768 high, 1024 critical; 0 = no opinion (the default), which counts as normal. */
  readonly urgency?: number | undefined;
  /**
   * When its answer is due: nanoseconds on the clock of `monotonicNs()`, what `deadlineIn()` returns;
   * 0 = none (the default).
   */
  readonly deadlineNs?: number | bigint | undefined;
}

/** Checked and converted; what is omitted or undefined stays as it was before. */
export function checked(
  hints: RequestHints,
  before: { readonly urgency: number; readonly deadlineNs: bigint },
): { urgency: number; deadlineNs: bigint } {
  if (typeof hints !== 'object' || hints === null) {
    throw typeError('hints: expected an object', hints);
  }
  const { urgency, deadlineNs } = hints;
  return {
    urgency: urgency === undefined ? before.urgency : checkedUrgency(urgency),
    deadlineNs: deadlineNs === undefined ? before.deadlineNs : checkedDeadline(deadlineNs),
  };
}

/** Throws unless it is an urgency. */
function checkedUrgency(value: unknown): number {
  if (typeof value !== 'number') throw typeError('urgency: expected a number', value);
  if (!(Number.isInteger(value) && value >= 0 && value <= URGENCY_MAX)) {
    throw rangeError(`urgency: expected an integer 0..${URGENCY_MAX}`, value);
  }
  return value;
}

/** Throws unless it is a point in time, or 0 for none. */
function checkedDeadline(value: unknown): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    throw typeError('deadlineNs: expected a number or a bigint', value);
  }
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  if (!isWhole || value < 0 || value >= 2n ** 64n) {
    throw rangeError('deadlineNs: expected an integer 0..2^64-1', value);
  }
  return BigInt(value);
}

/** Throws unless it is a function: better at the start of a server than at its first request. */
export function checkDescribe(describe: unknown): void {
  if (typeof describe === 'function') return;
  const message = `describe: expected a function, got ${typeof describe}`;
  throw Object.assign(new TypeError(message), { code: 'ERR_OPTION' });
}

function typeError(message: string, value: unknown): TypeError {
  return Object.assign(new TypeError(`${message}, got ${typeof value}`), {
    code: 'ERR_FIELD_TYPE',
  });
}

function rangeError(message: string, value: number | bigint): RangeError {
  return Object.assign(new RangeError(`${message}, got ${value}`), { code: 'ERR_FIELD_RANGE' });
}
