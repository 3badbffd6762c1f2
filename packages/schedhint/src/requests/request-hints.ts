import { URGENCY_MAX } from '@schedhint/core';

/** What one request, or job, wants the scheduler to know. */
export interface RequestHints {
  /** 0 = no opinion (the default), 1 = batch work .. 1024 = latency critical. */
  readonly urgency?: number | undefined;
  /**
   * When its answer is due: nanoseconds on the clock of `monotonicNs()`, what `deadlineIn()` returns;
   * 0 = none (the default).
   */
  readonly deadlineNs?: number | bigint | undefined;
}

/** Throws unless it is an urgency. */
export function checkedUrgency(value: unknown): number {
  if (typeof value !== 'number') throw typeError('urgency: expected a number', value);
  if (!(Number.isInteger(value) && value >= 0 && value <= URGENCY_MAX)) {
    throw rangeError(`urgency: expected an integer 0..${URGENCY_MAX}`, value);
  }
  return value;
}

/** Throws unless it is a point in time, or 0 for none. */
export function checkedDeadline(value: unknown): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    throw typeError('deadlineNs: expected a number or a bigint', value);
  }
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  if (!isWhole || value < 0 || value >= 2n ** 64n) {
    throw rangeError('deadlineNs: expected an integer 0..2^64-1', value);
  }
  return BigInt(value);
}

function typeError(message: string, value: unknown): TypeError {
  return Object.assign(new TypeError(`${message}, got ${typeof value}`), {
    code: 'ERR_FIELD_TYPE',
  });
}

function rangeError(message: string, value: number | bigint): RangeError {
  return Object.assign(new RangeError(`${message}, got ${value}`), { code: 'ERR_FIELD_RANGE' });
}
