/**
 * Typed views over blocks of memory that a thread of this process shares with a BPF scheduler.
 *
 * @packageDocumentation
 */

export { deadlineIn, monotonicNs } from './block/clock.js';
export type { Feedback, FeedbackSample, FeedbackSource } from './block/feedback.js';
export {
  type GcAfterwards,
  type GcReporting,
  type GcState,
  gcAfterwards,
} from './block/gc-state.js';
export {
  deadlineOf,
  type Hints,
  type HintValues,
  type Urgency,
  type UrgencyName,
  urgencyOf,
} from './block/hints.js';
export type { StandardBlocks } from './block/standard-layouts.js';
export { processLayout, threadLayout } from './block/standard-layouts.js';
export {
  ABI,
  Flag,
  GC_CYCLE,
  GC_PAUSED,
  GC_RUNTIME_SHIFT,
  GcKind,
  HintBit,
  Phase,
  type PhaseName,
  ProcessFlag,
  ReaderFlag,
  Role,
  type RoleName,
  Runtime,
  URGENCY,
  URGENCY_MAX,
  V8GcKind,
} from './block/standard-values.js';
export type { Channel, StandardChannel } from './channel/channel.js';
export type { BlockPlace, ChannelParts, Looking } from './channel/channel-parts.js';
export { type LayeredOptions, layered } from './channel/layered.js';
export { DEFAULT_BROKER, DEFAULT_PIN } from './channel/map-location.js';
export {
  TLD_HINT_KEYS,
  type TldHintKey,
  type TldHintKeys,
  type TldOptions,
  tld,
} from './channel/tld.js';
export type {
  GcName,
  HintName,
  ScaledKey,
  TldChannel,
  TldDescription,
  TldKeys,
} from './channel/tld-description.js';
export { uptr } from './channel/uptr.js';
export { type Coded, checkNames, checkOptions, type ErrorCode } from './errors.js';
export { type BitsType, bits } from './layout/bit-field.js';
export { type EnumConstants, type EnumType, enumeration, isEnum } from './layout/enumeration.js';
export {
  isValueShape,
  type Pointer,
  type ValueMember,
  type ValueShape,
} from './layout/map-value.js';
export { anonymous, at } from './layout/placement.js';
export {
  bool,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  i64n,
  type ScalarName,
  type ScalarType,
  type ScalarValue,
  u8,
  u16,
  u32,
  u64,
  u64n,
} from './layout/scalars.js';
export { array, isStructLayout, struct, union } from './layout/struct.js';
export type {
  Anonymous,
  ArrayType,
  Field,
  FieldType,
  FieldTypes,
  Layout,
  Member,
  Placed,
  StructLayout,
} from './layout/types.js';
export { announceStatus, attachedThread, publishCollections } from './thread/attach.js';
export { attachThread } from './thread/joint-attach.js';
export type { HintsIn, JointThread } from './thread/joint-thread.js';
export { Listeners } from './thread/listeners.js';
export type { BoundMap, Reader, Status, StatusCode, Unbound } from './thread/status.js';
export { STATUS_CHANNEL, type StatusListener, type StatusMessage } from './thread/status-events.js';
export { type Stoppable, stoppable } from './thread/stoppable.js';
export type {
  AttachedThread,
  HintedThread,
  HintingThread,
  ScopedThread,
  StandardThread,
  Thread,
  ThreadOf,
} from './thread/thread-handle.js';
export { threadOf } from './thread/worker-blocks.js';
export { hintsOf, type WorkerOptions } from './thread/worker-thread.js';
export type { ArrayView } from './view/array-view.js';
export { atomics, ordered } from './view/atomics.js';
export type { BlocksOf, FieldsView, ScalarKeys, ValueOf, ViewOf } from './view/struct-view.js';
