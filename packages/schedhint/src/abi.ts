/**
 * The standard block as `schedhint.h` defines it: its layouts, and the values and bits of its fields.
 *
 * @packageDocumentation
 */
export {
  ABI,
  Flag,
  GC_CYCLE,
  GC_PAUSED,
  GC_RUNTIME_SHIFT,
  GcKind,
  HintBit,
  Phase,
  ProcessFlag,
  processLayout,
  ReaderFlag,
  Role,
  type RoleName,
  Runtime,
  threadLayout,
  URGENCY,
  URGENCY_MAX,
  V8GcKind,
} from '@schedhint/core';
