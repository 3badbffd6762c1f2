// Creates channels for task local data maps (named values for each thread), and checks their keys and options. No key is created
// here: tld-keys.ts does that at the first attach.

import { environmentVariable, type GcRequest } from '@schedhint/native';
import { checkOptions, show, typeError } from '../errors.js';
import { u64 } from '../layout/scalars.js';
import { isFieldType } from '../layout/struct.js';
import type { FieldType } from '../layout/types.js';
import type { FieldsView } from '../view/struct-view.js';
import { MEMORY } from '../view/typed-memory.js';
import { viewIn } from './block-views.js';
import type { Looking } from './channel-parts.js';
import { checkPath } from './map-location.js';
import {
  type GcName,
  type HintName,
  type ScaledKey,
  TLD_DYNAMIC_BYTES_VARIABLE,
  TLD_HEADER,
  TLD_MOST_BYTES,
  TLD_PAGE,
  type TldChannel,
  type TldDescription,
  type TldKeys,
} from './tld-description.js';
import { TldHints } from './tld-hints.js';
import { placesOf, type TldPlaces } from './tld-keys.js';

/** The key that a hint goes to; with `per`, divided by that, and rounded up. */
export type TldHintKey = string | { readonly key: string; readonly per: number };

/** Where the hints and the collector's go: names of 64-bit values. What is not named goes nowhere. */
export interface TldHintKeys {
  readonly urgency?: TldHintKey;
  /** 1 for batch work, else 0. */
  readonly batch?: TldHintKey;
  readonly sliceUs?: TldHintKey;
  readonly deadlineNs?: TldHintKey;
  readonly user?: TldHintKey;
  /** The number of the phase, one of `Phase`. */
  readonly phase?: TldHintKey;
  /** The gc word: a pause is in progress while one of its low 8 bits is set, see `GcKind`. */
  readonly gc?: string;
  /** When the outermost pause began, CLOCK_MONOTONIC nanoseconds. */
  readonly gcSinceNs?: string;
  /** How long pauses of its kind have lately taken, microseconds. */
  readonly gcExpectUs?: string;
}

/** Options of {@link tld}. */
export interface TldOptions<K extends TldKeys = TldKeys> {
  /** Path of the pinned map; by default `SCHEDHINT_TLD_MAP`. */
  readonly map?: string;
  /** The application's own values, created before those of the hints. A name is any string of 1..62 bytes in UTF-8. */
  readonly keys?: K;
  /** By default {@link TLD_HINT_KEYS}. */
  readonly hints?: TldHintKeys;
  /**
   * Bytes of each thread's that are left for keys which are created later: 0..4088. By default `SCHEDHINT_TLD_DYNAMIC_BYTES`, else 64. The
   * largest number counts among the channels that are attached before the first thread has its values: with `schedhint/register` that is its own.
   */
  readonly dynamicBytes?: number;
}

/** The names that hints go to unless others are given; all are `u64`. */
export const TLD_HINT_KEYS = Object.freeze({
  urgency: 'schedhint_urgency',
  batch: 'schedhint_batch',
  sliceUs: 'schedhint_slice_us',
  deadlineNs: 'schedhint_deadline_ns',
  user: 'schedhint_user',
  phase: 'schedhint_phase',
  gc: 'schedhint_gc',
  gcSinceNs: 'schedhint_gc_since_ns',
  gcExpectUs: 'schedhint_gc_expect_us',
} as const satisfies TldHintKeys);

const VALUE_SIZE = 16;
const NAME_BYTES = 62;
const DYNAMIC_BYTES = 64;

/**
 * A map of the kernel's "task local data" protocol, `tld_data_map`: named values for each thread,
 * which BPF programs find by their names. Both layouts of it are spoken: one page for each thread (a
 * value of 16 bytes), and threads that share pages (24 bytes). `thread.blocks` has the values of
 * `keys`, `thread.hints` and the collector's go to the keys of `hints`, each by one 64-bit store.
 * `schedhint-broker` does not carry it.
 *
 * ```ts
 * tld({
 *   map: '/sys/fs/bpf/tld_data_map',
 *   keys: { slice_ms: u64n, lat_cri: u64n, smt_exclusive: u64n },
 *   hints: { sliceUs: { key: 'slice_ms', per: 1000 }, urgency: 'lat_cri' },
 * });
 * ```
 *
 * The keys are created when a thread first attaches, and live as long as the process.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option, or without a path
 */
export function tld<const K extends TldKeys = Readonly<Record<never, FieldType>>>(
  options: TldOptions<K> = {},
): TldChannel<FieldsView<K>> {
  checkOptions('tld', options, ['map', 'keys', 'hints', 'dynamicBytes']);
  const dynamicBytes = dynamicBytesOf(options.dynamicBytes);
  const map = options.map ?? environmentVariable('SCHEDHINT_TLD_MAP');
  if (map === undefined || map === '') {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      'tld: expected the path of a pinned map, as map or in SCHEDHINT_TLD_MAP',
    );
  }
  const channel: TldChannel<FieldsView<K>> = Object.freeze({
    kind: 'tld' as const,
    standard: false,
    request: {
      kind: 'tld' as const,
      map: checkPath(map),
      broker: '',
      valueSize: VALUE_SIZE,
      slots: [
        { offset: 0, size: TLD_PAGE, owner: 'thread' as const },
        { offset: 8, size: TLD_PAGE, owner: 'process' as const },
      ],
      countSlot: -1,
      countOffset: 0,
    },
    tld: { ...describe(options), dynamicBytes },
    parts: {
      prepare: () => void placesOf(channel),
      hints: (handle: Looking) => {
        const { buffer, offset } = handle.places[0]!;
        const hints = new TldHints(buffer, offset + TLD_HEADER, placesOf(channel));
        return handle.look(hints, TldHints.move, 0, TLD_HEADER);
      },
      blocks: (handle: Looking) => {
        const { layout } = placesOf(channel);
        return layout === null ? Object.freeze({}) : viewIn(handle, layout, 0, TLD_HEADER);
      },
      gcRequest: () => gcRequestOf(placesOf(channel).gc),
    },
  });
  return channel;
}

function dynamicBytesOf(option: number | undefined): number {
  const variable = environmentVariable(TLD_DYNAMIC_BYTES_VARIABLE);
  const isOption = option !== undefined || !variable;
  const bytes = isOption ? (option ?? DYNAMIC_BYTES) : Number(variable);
  if (Number.isInteger(bytes) && bytes >= 0 && bytes <= TLD_MOST_BYTES) return bytes;
  throw typeError(
    'ERR_SCHEDHINT_OPTION',
    `${isOption ? 'dynamicBytes' : TLD_DYNAMIC_BYTES_VARIABLE}: expected an integer 0..${TLD_MOST_BYTES}, got ${show(isOption ? option : variable)}`,
  );
}

const NOWHERE = -1;

/** Where the collector's values are written; null: the channel has none of them. */
function gcRequestOf(gc: TldPlaces['gc']): GcRequest | null {
  if (Object.keys(gc).length === 0) return null;
  const placeOf = (offset: number | undefined) =>
    offset === undefined ? NOWHERE : TLD_HEADER + offset;
  return {
    wide: true,
    threadSlot: 0,
    gc: placeOf(gc.gc),
    count: NOWHERE,
    sinceNs: placeOf(gc.gcSinceNs),
    expectUs: placeOf(gc.gcExpectUs),
    flags: NOWHERE,
    liveFlag: 0,
    processSlot: NOWHERE,
    processCount: 0,
    hint: NOWHERE,
  };
}

function describe(options: TldOptions): Omit<TldDescription, 'dynamicBytes'> {
  const keys: Record<string, FieldType> = {};
  // A literal { __proto__: u64 } has no key: it sets the prototype.
  if (options.keys && isFieldType(Object.getPrototypeOf(options.keys))) checkOwnName('__proto__');
  for (const [name, type] of Object.entries(options.keys ?? {})) {
    checkOwnName(name);
    if (!isFieldType(type)) {
      throw typeError('ERR_SCHEDHINT_OPTION', `keys.${name}: expected a type, got ${show(type)}`);
    }
    keys[name] = type;
  }
  const hints: Partial<Record<HintName, ScaledKey>> = {};
  const gc: Partial<Record<GcName, string>> = {};
  for (const [hint, to] of Object.entries(options.hints ?? TLD_HINT_KEYS)) {
    if (to === undefined) continue;
    if (!Object.hasOwn(TLD_HINT_KEYS, hint)) {
      throw typeError(
        'ERR_SCHEDHINT_OPTION',
        `hints: expected the name of a hint, got ${show(hint)}`,
      );
    }
    const { key, per } = scaled(hint, to);
    if (Object.hasOwn(keys, key) && keys[key]!.size !== u64.size) {
      throw typeError(
        'ERR_SCHEDHINT_OPTION',
        `hints.${hint}: ${key} has ${keys[key]!.size} bytes, not 8`,
      );
    }
    if (hint.startsWith('gc')) gc[hint as GcName] = key;
    else hints[hint as HintName] = { key, per };
  }
  return { keys, hints, gc };
}

function scaled(hint: string, to: TldHintKey): ScaledKey {
  const { key, per } = typeof to === 'string' ? { key: to, per: 1 } : (to ?? {});
  checkName(key);
  if (!Number.isSafeInteger(per) || per! < 1 || (hint.startsWith('gc') && typeof to !== 'string')) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `hints.${hint}: expected a key${hint.startsWith('gc') ? '' : ', or { key, per } with per an integer from 1'}, got ${show(to)}`,
    );
  }
  return { key, per: per! };
}

/** A value of the application's own is a property of `thread.blocks`, too, and stays in its place among the others. */
function checkOwnName(name: string): void {
  checkName(name);
  if (name in Object.prototype || name === MEMORY) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `tld: a key cannot be named ${name}: thread.blocks has a property of that name already`,
    );
  }
  if (/^\d+$/.test(name)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `tld: a key cannot be named ${show(name)}: JavaScript lists numbers first, so keys would not be created in the order of their list`,
    );
  }
}

/** What the kernel's half finds: any bytes but NUL. Half a character would become another one. */
function checkName(name: unknown): asserts name is string {
  const isText = typeof name === 'string' && !/[\0\p{Cs}]/u.test(name);
  const bytes = isText ? Buffer.byteLength(name) : 0;
  if (bytes < 1 || bytes > NAME_BYTES) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `tld: expected a key's name to be a string of 1..${NAME_BYTES} bytes in UTF-8, without NUL, got ${show(name)}`,
    );
  }
}
