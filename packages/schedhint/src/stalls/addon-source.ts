// Measures stalls by the addon, which watches the turns of the event loop.

import type { Addon, NativeStall } from '@schedhint/native';
import type { OwnCgroup } from './own-cgroup.js';
import { quietThreads } from './quiet-threads.js';
import type { MeasuredStall, StallSource } from './source.js';

/**
 * Begins to watch this thread's event loop.
 *
 * @param sharedThreadId Node.js's `threadId`, to share what is found with other processes
 * @returns null: the runtime lacks what the addon needs
 */
export function addonSource(
  addon: Addon,
  cgroup: OwnCgroup,
  onStall: (stall: MeasuredStall) => void,
  firstThresholdMs: number,
  sharedThreadId?: number,
): StallSource | null {
  const quiet = quietThreads();
  let thresholdMs = firstThresholdMs;
  const watch = () => {
    const { cpuStats } = cgroup;
    const request = { thresholdMs, quietThreads: quiet, cpuStats, sharedThreadId };
    return addon.watchLoop(request, tell);
  };
  const tell = (stall: NativeStall) => {
    onStall(measuredOf(stall));
    // In time for the next stall.
    if (cgroup.refresh()) watch();
  };
  const measuredOf = (stall: NativeStall): MeasuredStall => {
    const { at, durationMs, cpuMs, collections, collectionMs } = stall;
    const kind = (name: 'minor' | 'major' | 'other') => ({
      count: collections[name],
      ms: collectionMs[name],
    });
    const { minor, major, other } = collectionMs;
    return {
      ...{ at, durationMs, cpuMs, majorFaults: stall.majorFaults },
      gcMs: sources!.gc ? minor + major + other : null,
      runDelayMs: sources!.schedstat ? stall.runDelayMs : null,
      throttledMs: cgroup.found === null ? null : stall.throttledMs,
      waits: stall.waitsOutsidePauses,
      wasStopped: stall.quietThreadRuns > 0,
      gc: { minor: kind('minor'), major: kind('major'), other: kind('other') },
      switches: { voluntary: stall.voluntarySwitches, involuntary: stall.involuntarySwitches },
      periods: stall.periods,
      throttledPeriods: stall.throttledPeriods,
    };
  };
  const sources = watch();
  if (sources === null) return null;
  return {
    precision: 'high',
    setThreshold(ms) {
      if (ms === thresholdMs) return;
      thresholdMs = ms;
      watch();
    },
    starvedShare: () => addon.starvedShare(),
    stop: () => addon.unwatchLoop(),
  };
}
