// Creates channels for the map of scx_layered's --task-hint-map, and checks their
// options and the numbers that their mapping returns.

import { environmentVariable } from '@schedhint/native';
import { BlockHints } from '../block/block-hints.js';
import { checkOptions, show, typeError } from '../errors.js';
import { type StandardChannel, standardChannel, standardParts } from './channel.js';
import type { ChannelParts } from './channel-parts.js';
import { isHint, LayeredHints, type LayeredMapping } from './layered-hints.js';
import { checkPath } from './map-location.js';
import { standardGcRequest } from './standard.js';
import { viewStandardBlocks } from './standard-views.js';

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
 * @throws TypeError `ERR_SCHEDHINT_OPTION` for an invalid option, or without a path
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
  viewStandardBlocks();
  const standard = standardChannel({ map: checkPath(map), broker: '' });
  const mapping: LayeredMapping = { gc, urgency };
  return Object.freeze({
    ...standard,
    kind: 'layered' as const,
    request: {
      ...standard.request,
      kind: 'layered' as const,
      valueSize: VALUE_SIZE,
      normalHint: normal,
    },
    parts: {
      ...standardParts,
      hints: (handle) => {
        const values = new BlockHints(handle.words!);
        const publish = (hint: number) => handle.setHint(hint);
        return handle.look(new LayeredHints(values, mapping, publish), LayeredHints.move, 0);
      },
      gcRequest: () => ({ ...standardGcRequest, hint: gc ?? -1 }),
    } satisfies ChannelParts,
  });
}
