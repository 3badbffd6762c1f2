// Lists the kinds of stalls that are made for the judge, alone and in pairs: what each needs, and of which parts it is.

import type { StallPart } from 'schedhint';
import type { CpuQuota } from './cpu-cgroup.js';

/** One kind. */
export interface JudgedKind {
  readonly name: string;
  /** As programs/make-stall.mjs takes it. */
  readonly makes: string;
  /** Which parts it must have, or it was not made. */
  readonly parts: readonly StallPart[];
  /** Other processes on the same CPU. */
  readonly hogs?: number;
  /** Of its cgroup. */
  readonly quota?: CpuQuota;
}

const HOGS = 2;
const TIGHT = { cpus: 0.25, periodMs: 100 };
/** A period is shorter than the shortest stall. */
const WIDE = { cpus: 0.5, periodMs: 50 };

export const JUDGED_KINDS: readonly JudgedKind[] = [
  { name: 'spin', makes: 'spin', parts: ['code'] },
  { name: 'gc', makes: 'gc', parts: ['gc'] },
  { name: 'hogs', makes: 'spin', parts: ['noCpu'], hogs: HOGS },
  { name: 'quota', makes: 'spin', parts: ['throttled'], quota: TIGHT },
  { name: 'fsync', makes: 'fsync', parts: ['blocked'] },
  { name: 'fifo', makes: 'fifo', parts: ['blocked'] },
  { name: 'atomics', makes: 'atomics', parts: ['blocked'] },
  { name: 'faults', makes: 'faults', parts: ['blocked'] },
  { name: 'sigstop', makes: 'sigstop', parts: ['paused'] },
  { name: 'gc + hogs', makes: 'gc,spin', parts: ['gc', 'noCpu'], hogs: HOGS },
  { name: 'garbage + hogs', makes: 'garbage', parts: ['noCpu'], hogs: HOGS },
  { name: 'spin + quota', makes: 'spin', parts: ['code', 'throttled'], quota: WIDE },
  { name: 'fifo + hogs', makes: 'fifo,spin', parts: ['blocked', 'noCpu'], hogs: HOGS },
  { name: 'spin + sigstop', makes: 'spin,sigstop', parts: ['code', 'paused'] },
];
