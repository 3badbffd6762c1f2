/**
 * Publishes a thread's garbage collections to a BPF scheduler.
 *
 * @packageDocumentation
 */
export { type Collection, type CollectionKind, observeCollections } from './collections.js';
export { type GcHints, type GcHintsOptions, type GcSource, startGcHints } from './gc-hints.js';
export type { GcStats, GcTotals } from './gc-stats.js';
