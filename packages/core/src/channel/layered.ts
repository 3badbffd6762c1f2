// Creates channels for the map of scx_layered's --task-hint-map, and checks their
// options and the numbers that their mapping returns.

import { environmentVariable } from '@schedhint/native';
import { URGENCY_MAX } from '../block/standard-block.js';
import { checkOptions, rangeError, show, typeError } from '../errors.js';
import { type StandardChannel, standardChannel } from './channel.js';
import { checkPath } from './map-location.js';

/** Options of {@link layered}. */
export interface LayeredOptions {
  /** Path of the pinned map, what `scx_layered --task-hint-map` was given; by default `SCHEDHINT_LAYERED_MAP`. */
  readonly map?: string;
  /** The hint during a collection's pause, 0..1024; null: as otherwise. By default 900. */
  readonly gc?: number | null;
  /**
   * What a thread has after its first hint whenever it has no other: 0..1024, by default 1. Name it
   * in a separate layer: scx_layered looks at a thread again only when it finds a number that a
   * layer names. If a process uses several values for one map, the first counts.
   */
  readonly normal?: number;
  /**
   * The hint for an urgency of 1..1024: 0..1024, or null for `normal`. By default the urgency itself.
   * No opinion (urgency 0) is `normal` too.
   */
  readonly urgency?: (urgency: number) => number | null;
}

const VALUE_SIZE = 32;
const GC = 900;
const NORMAL = 1;

/**
 * The map of scx_layered's `--task-hint-map`: one number for each thread, which its `HintEquals`
 * matches. It carries `hints.urgency` and the collector's pauses; the other hints are kept, and go
 * nowhere. Each change is one `bpf(2)` call of about a microsecond, in C++; the same value again is
 * none. `schedhint-broker` does not carry it.
 *
 * A thread has no number until its first hint. From then on it always has one, also after
 * `stop()`: scx_layered leaves a thread without a number in the layer that it is in.
 *
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an option that is none, or without a path
 */
export function layered(options: LayeredOptions = {}): StandardChannel {
  checkOptions('layered', options, ['map', 'gc', 'normal', 'urgency']);
  const { gc = GC, normal = NORMAL, urgency = (value: number) => value } = options;
  if (gc !== null && !isHint(gc)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `gc: expected null or an integer 0..1024, got ${show(gc)}`,
    );
  }
  if (!isHint(normal)) {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      `normal: expected an integer 0..1024, got ${show(normal)}`,
    );
  }
  if (typeof urgency !== 'function') {
    throw typeError('ERR_SCHEDHINT_OPTION', `urgency: expected a function, got ${show(urgency)}`);
  }
  const map = options.map ?? environmentVariable('SCHEDHINT_LAYERED_MAP');
  if (map === undefined || map === '') {
    throw typeError(
      'ERR_SCHEDHINT_OPTION',
      'layered: expected the path that scx_layered --task-hint-map was given, as map or in SCHEDHINT_LAYERED_MAP',
    );
  }
  const standard = standardChannel({ map: checkPath(map), broker: '' });
  return Object.freeze({
    ...standard,
    kind: 'layered' as const,
    request: {
      ...standard.request,
      kind: 'layered' as const,
      valueSize: VALUE_SIZE,
      normalHint: normal,
    },
    layered: { gc, urgency },
  });
}

/** Throws unless a mapping's result is one. @throws RangeError `ERR_SCHEDHINT_FIELD_RANGE` */
export function checkHint(hint: unknown): asserts hint is number | null {
  if (hint !== null && !isHint(hint)) {
    throw rangeError(
      'ERR_SCHEDHINT_FIELD_RANGE',
      `layered: expected urgency() to give null or an integer 0..1024, got ${show(hint)}`,
    );
  }
}

function isHint(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= URGENCY_MAX;
}
