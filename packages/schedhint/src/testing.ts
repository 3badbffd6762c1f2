/**
 * For an app's own tests: what a thread publishes, on every platform.
 *
 * @packageDocumentation
 */
export {
  type HintsRecord,
  type RecordedEntry,
  type RecordedHints,
  recordHints,
  type SeenHints,
} from '@schedhint/core/testing';
