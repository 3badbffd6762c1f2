/**
 * Scheduler hints for Node.js, through memory shared with a BPF program.
 *
 * @packageDocumentation
 */
import type { AttachedThread, StandardThread, Stoppable } from '@schedhint/core/thread';

export type {
  AttachedThread,
  BoundMap,
  Channel,
  Coded,
  ErrorCode,
  Feedback,
  FeedbackSample,
  FeedbackSource,
  GcReporting,
  GcState,
  Hints,
  HintValues,
  PhaseName,
  Reader,
  StandardChannel,
  StandardThread as Thread,
  Status,
  StatusCode,
  StatusListener,
  StatusMessage,
  Stoppable,
  ThreadOf,
  Unbound,
  Urgency,
  UrgencyName,
  WorkerOptions,
} from '@schedhint/core/thread';
export { attachThread, deadlineIn, hintsOf } from '@schedhint/core/thread';
export {
  type Collection,
  type CollectionKind,
  type GcHints,
  type GcHintsOptions,
  type GcSource,
  type GcStats,
  type GcTotals,
  startGcHints,
} from '@schedhint/gc-hooks';

/** A handle that gives its block back when it is stopped: `attachThread({ scoped: true })`. */
export type ScopedThread<T extends AttachedThread = StandardThread> = T & Stoppable;
export * from './requests/index.js';
export * from './stalls/index.js';
