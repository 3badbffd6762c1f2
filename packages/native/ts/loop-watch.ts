// Decodes what the addon measures of the event loop and of the thread, from numbers of a Float64Array to objects.

import type { CompiledAddon } from './compiled.js';
import type { Addon, ByKind, NativeStall } from './native.js';

const SCHEDSTAT = 1;
const PAUSES = 2;

/** The functions of {@link Addon} about the loop and the thread. */
export function watchingLoops(
  compiled: CompiledAddon,
): Pick<Addon, 'watchLoop' | 'tellStalls' | 'threadUsage'> {
  let usage: Float64Array | undefined;
  return {
    watchLoop(request, onStall) {
      const { thresholdMs, quietThreads, cpuStats, sharedThreadId = -1 } = request;
      const [first = '', second = '', third = ''] = quietThreads;
      const files = [first, second, third, ...cpuStats].map((file) => `${file}\0`).join('');
      const figures = new Float64Array(18);
      const measured = compiled.watchLoop(
        () => {
          compiled.stallFigures(figures);
          onStall(stallOf(figures));
        },
        thresholdMs,
        files,
        sharedThreadId,
      );
      if (measured === 0) return null;
      return { schedstat: (measured & SCHEDSTAT) !== 0, gc: (measured & PAUSES) !== 0 };
    },
    tellStalls({ stalls, partsMs, longestStallMs, ...heap }) {
      const { heapUsedBytes, heapLimitBytes, promotedBytes, semiSpaceBytes } = heap;
      const ofHeap = [heapUsedBytes, heapLimitBytes, promotedBytes, semiSpaceBytes];
      compiled.tellStalls(Float64Array.of(stalls, ...partsMs, longestStallMs, ...ofHeap));
    },
    threadUsage() {
      usage ??= new Float64Array(3);
      const hasRunDelay = compiled.threadUsage(usage);
      return {
        cpuNs: usage[0]!,
        runDelayNs: hasRunDelay ? usage[1]! : null,
        involuntarySwitches: usage[2]!,
      };
    },
  };
}

/** `struct StallFigures` */
function stallOf(figures: Float64Array): NativeStall {
  const byKind = (from: number): ByKind => ({
    minor: figures[from]!,
    major: figures[from + 1]!,
    other: figures[from + 2]!,
  });
  return {
    at: figures[0]!,
    durationMs: figures[1]!,
    cpuMs: figures[2]!,
    runDelayMs: figures[3]!,
    throttledMs: figures[4]!,
    periods: figures[5]!,
    throttledPeriods: figures[6]!,
    voluntarySwitches: figures[7]!,
    involuntarySwitches: figures[8]!,
    majorFaults: figures[9]!,
    waitsOutsidePauses: figures[10]!,
    quietThreadRuns: figures[11]!,
    collections: byKind(12),
    collectionMs: byKind(15),
  };
}
