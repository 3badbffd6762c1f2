// Observes the V8 collections of this thread through perf_hooks. The entries arrive in batches after the pauses, not during them.

import type { PerformanceEntry } from 'node:perf_hooks';
import { V8GcKind } from '@schedhint/core/thread';

/** A kind of V8 pause. */
export type CollectionKind = keyof typeof V8GcKind;

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
  Object.entries(V8GcKind).map(([name, bit]) => [bit, name as CollectionKind]),
);

/**
 * Calls back for every collection of this thread's isolate, from now on and after the fact: two
 * turns of the event loop later at best, and a whole batch together after the loop was blocked.
 * It costs 15-70 us for each collection.
 *
 * @returns stops it; null where the runtime reports no collections
 */
export function observeCollections(
  onCollection: (collection: Collection) => void,
): (() => void) | null {
  // The global, not an import: it loads node:perf_hooks when it is used, and the register entry
  // mostly does not. (@types/node has no supportedEntryTypes.)
  const { supportedEntryTypes } = PerformanceObserver as {
    supportedEntryTypes?: readonly string[];
  };
  if (!supportedEntryTypes?.includes('gc')) return null;
  // An entry of a pause before this is one that a GC hook started with us has not counted either. An event has the clock of entries;
  // `performance` may be a test's fake one, and node:perf_hooks' too.
  const since = new Event('now').timeStamp;
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
