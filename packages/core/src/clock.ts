import { loadAddon } from '@schedhint/native';

let ahead: bigint | undefined;

/**
 * Now on the clock that the scheduler reads: CLOCK_MONOTONIC of the initial time namespace, in
 * nanoseconds, what `bpf_ktime_get_ns()` returns. `process.hrtime.bigint()` is the same clock, but
 * for a container with a time namespace of its own; the difference is taken off here.
 */
export function monotonicNs(): bigint {
  if (ahead === undefined) {
    const loaded = loadAddon();
    ahead = 'addon' in loaded ? loaded.addon.timeNamespaceOffsetNs : 0n;
  }
  return process.hrtime.bigint() - ahead;
}

/**
 * A deadline for `hints.deadlineNs`.
 *
 * @param milliseconds - from now; fractions count
 * @returns nanoseconds on the clock of {@link monotonicNs}
 */
export function deadlineIn(milliseconds: number): bigint {
  return monotonicNs() + BigInt(Math.round(milliseconds * 1e6));
}
