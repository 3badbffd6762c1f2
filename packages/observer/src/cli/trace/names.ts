// Names the pauses, tracks and phases in the output of `schedhint trace`.

import { GcKind } from '@schedhint/core';
import type { Track } from './timeline.js';

/** What a pause is called: its weightiest kind. */
export function pauseName(kinds: number): string {
  if (kinds & GcKind.major) return 'major GC';
  return kinds & GcKind.minor ? 'minor GC' : 'GC: other';
}

/** What a track is called. */
export function trackName({ kind, role, name, tid }: Track): string {
  const what = kind === 'helper' ? 'helper' : role === 1 ? 'main thread' : 'worker';
  return `${what} ${tid} (${name})`;
}

/** By the number that the block has. */
export const PHASES = ['none', 'starting', 'serving', 'draining'] as const;
