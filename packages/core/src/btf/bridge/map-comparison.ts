// Compares an application's layouts with the BTF of the pinned map's value, and caches the
// answer for one map id. A map whose types cannot be read counts as equal.

import type { Pointer } from '../../layout/map-value.js';
import { btfOfPin } from '../source.js';
import { pointeeAt } from './map-value.js';
import { differences } from './struct-comparison.js';

/** A pointer of a layout that was compiled into the application. */
interface Expected extends Pointer {
  readonly offset: number;
}

/** More would not help: the layout has to be generated again. */
const MOST_TOLD = 3;

/**
 * A function that compares the structs behind pointers with those of the map pinned at a path: it
 * takes the id of the map that is meant, and returns what differs, or null. Null too where this
 * process may not read the map's types (it takes CAP_SYS_ADMIN), where the map has none, and while
 * the pin leads to another map; what cannot be read is not held against the map. One answer is
 * remembered.
 */
export function mapComparison(
  path: string,
  pointers: readonly Expected[],
): (mapId: number) => string | null {
  let known: { mapId: number; answer: string | null } | undefined;
  return (mapId) => {
    if (known?.mapId !== mapId) {
      const found = compare(path, pointers);
      if (found !== undefined && found.mapId !== mapId) return null;
      known = { mapId, answer: found?.answer ?? null };
    }
    return known.answer;
  };
}

function compare(path: string, pointers: readonly Expected[]) {
  try {
    const { btf, mapId, valueType } = btfOfPin(path);
    const named = pointers.flatMap(({ offset, path: names, layout }) => {
      const type = pointeeAt(btf, valueType, offset);
      return type === undefined ? [] : differences(btf, type, layout, names.join('.'));
    });
    const more = named.length > MOST_TOLD ? `; and ${named.length - MOST_TOLD} more` : '';
    const answer = named.length === 0 ? null : named.slice(0, MOST_TOLD).join('; ') + more;
    return { mapId, answer };
  } catch {
    return undefined;
  }
}
