/**
 * What applications use of `@schedhint/core`, and what the packages above it need. Loading it takes a part of the time that the
 * whole package takes: it has no layouts, and no channel but that of the standard block.
 *
 * @packageDocumentation
 */
export { setChecked } from '../block/block-hints.js';
export { deadlineIn, monotonicMs, monotonicNs, startTimer } from '../block/clock.js';
export type { Feedback, FeedbackSample, FeedbackSource } from '../block/feedback.js';
export {
  type GcAfterwards,
  type GcReporting,
  type GcState,
  gcAfterwards,
} from '../block/gc-state.js';
export {
  deadlineOf,
  type Hints,
  type HintValues,
  type Urgency,
  type UrgencyName,
  urgencyOf,
} from '../block/hints.js';
export { type PhaseName, URGENCY, URGENCY_MAX, V8GcKind } from '../block/standard-values.js';
export type { Channel, StandardChannel } from '../channel/channel.js';
export { type Coded, checkNames, checkOptions, type ErrorCode, nearestName } from '../errors.js';
export { announceStatus, attachedThread, attachThread, publishCollections } from './attach.js';
export { Listeners } from './listeners.js';
export type { BoundMap, Reader, Status, StatusCode, Unbound } from './status.js';
export { STATUS_CHANNEL, type StatusListener, type StatusMessage } from './status-events.js';
export { type Stoppable, stoppable } from './stoppable.js';
export type {
  AttachedThread,
  HintedThread,
  HintingThread,
  ScopedThread,
  StandardThread,
  Thread,
  ThreadOf,
} from './thread-handle.js';
export { hintsOf, type WorkerOptions } from './worker-thread.js';
