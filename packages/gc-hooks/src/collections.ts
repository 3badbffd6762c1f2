import type { PerformanceEntry } from 'node:perf_hooks';
import { GcKind } from '@schedhint/core';
import { builtinModule } from '@schedhint/native';

/** A kind of V8 pause. */
export type CollectionKind = keyof typeof GcKind;

/** One outermost pause, as `perf_hooks` reports it after the fact. */
export interface Collection {
  readonly kind: CollectionKind;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startTime: number;
  /** Milliseconds. */
  readonly duration: number;
  /** V8's `GCCallbackFlags`: 4 = forced. */
  readonly flags: number;
}

const kinds = new Map<number, CollectionKind>(
  Object.entries(GcKind).map(([name, bit]) => [bit, name as CollectionKind]),
);

/**
 * Calls back for every collection of this thread's isolate, from now on and after the fact: two
 * turns of the event loop later at best, and a whole batch at once after the loop was blocked.
 * It costs 15-70 us for each collection.
 *
 * @returns stops it; null where the runtime reports no collections
 */
export function observeCollections(
  onCollection: (collection: Collection) => void,
): (() => void) | null {
  // Not an import: node:perf_hooks takes 1-2 ms to load, and the register entry mostly does without.
  // (@types/node has no supportedEntryTypes.)
  const { supportedEntryTypes } = PerformanceObserver as {
    supportedEntryTypes?: readonly string[];
  };
  if (!supportedEntryTypes?.includes('gc')) return null;
  // An entry of a pause before this is one that a GC hook started with us has not counted either. Not by the global
  // `performance`: a test's fake timers replace it, and entries keep the real time.
  const since = builtinModule('node:perf_hooks').performance.now();
  const report = (entries: PerformanceEntry[]) => {
    for (const { startTime, duration, detail } of entries as GcEntry[]) {
      const kind = kinds.get(detail.kind);
      if (kind === undefined || startTime < since) continue;
      onCollection({ kind, startTime, duration, flags: detail.flags });
    }
  };
  // All of a batch: reading the first entry alone loses the rest.
  const observer = new PerformanceObserver((list) => report(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    report(observer.takeRecords());
    observer.disconnect();
  };
}

interface GcEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number; readonly flags: number };
}
