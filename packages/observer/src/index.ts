/**
 * What a BPF reader sees of the threads that hint with schedhint.
 *
 * @packageDocumentation
 */
export { ObserverError, type ObserverErrorCode } from './error.js';
export { type Observer, type ObserverOptions, startObserver } from './observer.js';
export type {
  EventKind,
  ObservedHelper,
  ObservedHints,
  ObservedThread,
  Ready,
  Snapshot,
  ThreadEvent,
} from './snapshot.js';
