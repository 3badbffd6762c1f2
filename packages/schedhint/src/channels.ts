/**
 * Maps of other kinds than the default one: with a scheduler's own structs, scx_layered's, and the kernel's task local data.
 *
 * @packageDocumentation
 */
export {
  type BlocksOf,
  type Channel,
  DEFAULT_BROKER,
  DEFAULT_PIN,
  type GcName,
  type HintingThread,
  type HintName,
  type LayeredOptions,
  layered,
  type ScaledKey,
  type StandardBlocks,
  type StandardChannel,
  type ThreadOf,
  TLD_HINT_KEYS,
  type TldChannel,
  type TldDescription,
  type TldHintKey,
  type TldHintKeys,
  type TldKeys,
  type TldOptions,
  tld,
  uptr,
} from '@schedhint/core';
