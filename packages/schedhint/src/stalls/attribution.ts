// Divides a stall into its parts, by what was measured during it.

import { RECORD_PARTS } from './shared-record.js';
import type { Stall, StallPart } from './stall.js';

/** What was measured during a stall, ms. null: it could not be. */
export interface Measured {
  readonly durationMs: number;
  /** Of pauses of the collector, wall time. */
  readonly gcMs: number | null;
  /** On a CPU, outside of pauses. */
  readonly cpuMs: number | null;
  /** Ready to run without a CPU, throttled or not, outside of pauses. */
  readonly runDelayMs: number | null;
  /** For which the cgroups were throttled; may be more than the thread was. */
  readonly throttledMs: number | null;
  /** How often the thread began to wait, or to wait for a page of a file, outside of pauses. */
  readonly waits: number | null;
  /** Whether the whole process was stopped meanwhile. */
  readonly wasStopped: boolean;
}

/** What a stall was made of. */
export type Attribution = Pick<Stall, 'parts' | 'cause' | 'missing'>;

/** Divides a stall. Each part is what is left for it by those before: measured times overlap by some microseconds. */
export function attribute(measured: Measured): Attribution {
  const { gcMs, cpuMs, runDelayMs, throttledMs, waits, wasStopped } = measured;
  const parts = { gc: 0, code: 0, noCpu: 0, throttled: 0, blocked: 0, paused: 0, unknown: 0 };
  const durationMs = notNegative(measured.durationMs);
  let left = durationMs;
  const take = (part: StallPart, ms: number | null) => {
    parts[part] = Math.min(left, notNegative(ms));
    left -= parts[part];
  };
  take('gc', gcMs);
  take('code', cpuMs);
  // Throttled time is run delay too.
  take('throttled', Math.min(notNegative(runDelayMs), notNegative(throttledMs)));
  take('noCpu', notNegative(runDelayMs) - parts.throttled);
  // Without one of these sources the rest may be a wait, or what that source would have shown.
  if (cpuMs === null || runDelayMs === null) take('unknown', left);
  // A stopped thread has begun to wait too.
  else if (wasStopped || waits === 0) take('paused', left);
  else take(waits === null ? 'unknown' : 'blocked', left);
  const missing: Attribution['missing'][number][] = [];
  if (cpuMs === null || runDelayMs === null || waits === null) missing.push('schedstat');
  if (throttledMs === null) missing.push('cgroup');
  if (gcMs === null) missing.push('gc');
  return { parts, cause: causeOf(parts, durationMs), missing };
}

function causeOf(parts: Readonly<Record<StallPart, number>>, durationMs: number): Stall['cause'] {
  const largest = RECORD_PARTS.reduce((a, b) => (parts[b] > parts[a] ? b : a));
  return parts[largest] >= durationMs / 2 ? largest : 'mixed';
}

/** Also of what is no number. */
const notNegative = (ms: number | null): number => (ms !== null && ms > 0 ? ms : 0);
