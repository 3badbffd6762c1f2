// Writes a stall as one line for people.

import { PART_WORDS, RECORD_PARTS } from './shared-record.js';
import type { Stall, StallPart } from './stall.js';

/**
 * `schedhint: stall 184 ms on main: 121 no CPU, 38 GC (1 major), 22 code, 3 throttled; GET /checkout 203 ms`: the parts from 1 ms on, the
 * largest first, and the oldest request.
 */
export function lineOf(stall: Stall): string {
  const thread = stall.threadId === 0 ? 'main' : `worker ${stall.threadId}`;
  const parts = RECORD_PARTS.filter((part) => Math.round(stall.parts[part]) > 0)
    .sort((a, b) => stall.parts[b] - stall.parts[a])
    .map((part) => `${Math.round(stall.parts[part])} ${PART_WORDS[part]}${detailOf(part, stall)}`);
  const notes = [...requestsOf(stall)];
  if (stall.precision === 'low') notes.push('low precision');
  if (stall.missing.length > 0) notes.push(`not measured: ${stall.missing.join(', ')}`);
  const head = `schedhint: stall ${Math.round(stall.durationMs)} ms on ${thread}: ${parts.join(', ')}`;
  return [head, ...notes].join('; ');
}

function detailOf(part: StallPart, { gc }: Stall): string {
  if (part !== 'gc') return '';
  const counts = (['major', 'minor', 'other'] as const).flatMap((kind) =>
    gc[kind].count > 0 ? [`${gc[kind].count} ${kind}`] : [],
  );
  return counts.length > 0 ? ` (${counts.join(', ')})` : '';
}

function requestsOf({ requests }: Stall): string[] {
  const [oldest] = requests;
  if (oldest === undefined) return [];
  const { method, route, ageMs } = oldest;
  const name = [method, route].filter((text) => text !== '').join(' ') || 'a request';
  const more = requests.length > 1 ? ` and ${requests.length - 1} more` : '';
  return [`${printable(name)} ${Math.round(ageMs)} ms${more}`];
}

/** A client chooses the method, and a route may be anything: neither may forge a line. */
const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
