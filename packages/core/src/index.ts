/**
 * Typed views over blocks of memory that a thread of this process shares with a BPF scheduler.
 *
 * @packageDocumentation
 */
export type { ArrayView } from './array-view.js';
export { type BitsType, bits } from './bit-field.js';
export type {
  Channel,
  LayeredMapping,
  StandardBlocks,
  StandardChannel,
} from './channel.js';
export { deadlineIn, monotonicNs } from './clock.js';
export { type EnumConstants, type EnumType, enumeration, isEnum } from './enumeration.js';
export type { Coded, ErrorCode } from './errors.js';
export type { Feedback } from './feedback.js';
export type { GcReporting, GcState } from './gc-state.js';
export type { HintedThread, HintingThread, ScopedThread, Thread, ThreadOf } from './handle.js';
export type { HintGroup, Hints } from './hints.js';
export type { HintsIn, JointThread } from './joint-thread.js';
export { type LayeredOptions, layered } from './layered.js';
export {
  type ArrayType,
  array,
  type Field,
  type FieldType,
  type FieldTypes,
  isStructLayout,
  type Layout,
  type Member,
  type StructLayout,
  struct,
  union,
} from './layout.js';
export { atomics, ordered } from './ordered.js';
export { DEFAULT_BROKER, DEFAULT_PIN } from './pin.js';
export { type Anonymous, anonymous, at, type Placed } from './placement.js';
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
} from './scalars.js';
export {
  ABI,
  Flag,
  GcKind,
  Phase,
  type PhaseName,
  processLayout,
  ReaderFlag,
  Role,
  type RoleName,
  threadLayout,
  URGENCY_MAX,
} from './standard.js';
export type { BoundMap, Reader, Status, StatusCode, Unbound } from './status.js';
export { STATUS_CHANNEL, type StatusEvents, type StatusMessage } from './status-events.js';
export type { Stoppable } from './stoppable.js';
export { announceStatus, attachThread, publishCollections } from './thread.js';
export {
  TLD_HINT_KEYS,
  type TldChannel,
  type TldHintKey,
  type TldHintKeys,
  type TldOptions,
  tld,
} from './tld.js';
export type { GcName, HintName, ScaledKey, TldDescription, TldKeys } from './tld-description.js';
export { uptr } from './uptr.js';
export {
  type BlocksOf,
  isValueShape,
  type Pointer,
  type ValueMember,
  type ValueShape,
} from './value-shape.js';
export type { FieldsView, ScalarKeys, ValueOf, ViewOf } from './view.js';
export { hintsOf, threadOf, type WorkerOptions } from './worker-thread.js';
