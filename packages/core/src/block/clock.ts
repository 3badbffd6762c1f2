// Reads the scheduler's clock, CLOCK_MONOTONIC of the initial time namespace, and computes deadlines on it.

import { setTimeout } from 'node:timers';
import { loadAddon } from '@schedhint/native';
import { refuse } from '../view/validate.js';

// Taken before a test's fake timers replace them. Not `performance`: in a worker the first use of it takes 0.6 to 1 ms.
const { hrtime } = process;
const { bigint: hrtimeNs } = hrtime;

/** Node.js's own timer, whatever a test replaces. Here, because what is loaded later would find the test's. */
export const startTimer = setTimeout;

let ahead: bigint | undefined;
let aheadMs: number | undefined;

/**
 * Now on the clock that the scheduler reads: CLOCK_MONOTONIC of the initial time namespace, in
 * nanoseconds, what `bpf_ktime_get_ns()` returns. `process.hrtime.bigint()` is the same clock, but
 * for a container in another time namespace; the difference is taken off here.
 */
export function monotonicNs(): bigint {
  ahead ??= timeNamespaceOffsetNs();
  return hrtimeNs() - ahead;
}

/** The same in milliseconds, exact to less than a microsecond, and in 3/4 of the time. */
export function monotonicMs(): number {
  aheadMs ??= Number(timeNamespaceOffsetNs()) / 1e6;
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6 - aheadMs;
}

function timeNamespaceOffsetNs(): bigint {
  const loaded = loadAddon();
  return 'addon' in loaded ? loaded.addon.timeNamespaceOffsetNs : 0n;
}

/**
 * A deadline for `hints.deadlineNs`.
 *
 * @param milliseconds - from now; fractions count
 * @returns nanoseconds on the clock of `monotonicNs`
 * @throws TypeError `ERR_SCHEDHINT_FIELD_TYPE` for what is not a number; RangeError `ERR_SCHEDHINT_FIELD_RANGE` for NaN,
 *   an infinity, or a point in time outside 1..2^64-1 nanoseconds
 */
export function deadlineIn(milliseconds: number): bigint {
  return deadlineAfter('deadlineIn', milliseconds);
}

/** The same of what messages call by another name. */
export function deadlineAfter(name: string, milliseconds: number): bigint {
  const isNumber = typeof milliseconds === 'number';
  if (!isNumber || !Number.isFinite(milliseconds)) refuseTime(name, milliseconds, isNumber);
  const deadlineNs = monotonicNs() + BigInt(Math.round(milliseconds * 1e6));
  if (deadlineNs <= 0n || deadlineNs >= 2n ** 64n) refuseTime(name, milliseconds, true);
  return deadlineNs;
}

/** A time of the wall clock, as it stands now. One that is over is over here, too; Infinity is no deadline: 0n. */
export function deadlineAt(time: Date | number): bigint {
  const isTime = typeof time === 'number' || time instanceof Date;
  const at = isTime ? Number(time) : Number.NaN;
  if (at === Number.POSITIVE_INFINITY) return 0n;
  if (!isTime || !Number.isFinite(at)) {
    refuse('deadlineAt', 'a Date or milliseconds since the epoch', time, isTime);
  }
  const deadlineNs = monotonicNs() + BigInt(Math.round((at - Date.now()) * 1e6));
  if (deadlineNs >= 2n ** 64n) refuseTime('deadlineAt', at, true);
  return deadlineNs > 0n ? deadlineNs : 1n;
}

/** How far a deadline is, negative when it is over. */
export function millisecondsTo(deadlineNs: bigint): number {
  return Number(deadlineNs - monotonicNs()) / 1e6;
}

function refuseTime(name: string, value: unknown, typeIsRight: boolean): never {
  refuse(name, 'a finite number of milliseconds that the clock can have', value, typeIsRight);
}
