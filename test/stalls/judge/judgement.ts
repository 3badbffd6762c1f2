// Makes one stall, has it judged, and compares what was reported with that.

import type { Stall, StallPart } from 'schedhint';
import { type JudgedParts, judgedParts, type Span } from './judged-parts.js';
import type { JudgedProcess } from './judged-process.js';
import type { JudgedKind } from './kinds.js';
import type { ThreadStates } from './thread-states.js';

export const PARTS = ['gc', 'code', 'noCpu', 'throttled', 'blocked', 'paused', 'unknown'] as const;

/** A part may differ by so much of the stall's duration. */
const TOLERANCE = 0.15;
const MOST_UNKNOWN = 0.05;
/** A part of a kind that is less was not made. */
const LEAST_MADE = 0.04;
/** Of a stall that waited for pages: how many. */
const LEAST_FAULTS = 20;
/** The clocks' calibration, and what runs between the two marks. */
const CLOCKS_NS = 2e6;

/** One stall: what it was, and what is wrong with it. */
export interface Judgement {
  readonly kind: string;
  readonly ms: number;
  /** null: nothing was reported. */
  readonly reported: Stall['parts'] | null;
  readonly judged: JudgedParts | null;
  /** Empty: the fault that the kind is about has happened. */
  readonly notMade: string;
  /** Empty: each part is right. */
  readonly wrong: string;
  readonly hasRightCause: boolean;
  readonly unknownShare: number;
  /** Of the thread, also before and after the stall. */
  readonly throttledMs: number;
  /** Whether the judge has seen all of it. */
  readonly isSeen: boolean;
}

/** The largest part. */
export function largest(parts: Readonly<Record<StallPart, number>>): StallPart {
  return PARTS.reduce((a, b) => (parts[b] > parts[a] ? b : a));
}

/** Makes a stall and judges what was reported. */
export async function judge(
  { name, makes, parts }: JudgedKind,
  ms: number,
  process: JudgedProcess,
  states: ThreadStates,
): Promise<Judgement> {
  await states.follow(process.tid);
  const { made, faults, pauses, reported: stalls } = await process.makeStall(makes, ms);

  const intervals = await states.intervals();
  const reported = stalls.reduce<(Stall & Span) | null>(
    (best, stall) =>
      overlapNs(stall, made) > (best === null ? 0 : overlapNs(best, made)) ? stall : best,
    null,
  );
  const throttledMs = intervals
    .filter(({ state }) => state === 'throttled')
    .reduce((ms, { startNs, endNs }) => ms + (endNs - startNs) / 1e6, 0);
  const head = { kind: name, ms: made.ms, throttledMs };
  if (reported === null) {
    const missing = { reported: null, judged: null, notMade: '', wrong: 'it was not reported' };
    const isSeen = true;
    return { ...head, ...missing, isSeen, hasRightCause: false, unknownShare: 0 };
  }
  const judged = judgedParts(reported, made, intervals, pauses);
  const durationMs = reported.durationMs;
  const isSeen = judged.unknown <= MOST_UNKNOWN * durationMs;
  const lacking = parts.filter((part) => judged[part] < LEAST_MADE * durationMs);
  const notMade = [
    ...lacking.map((part) => `it had ${judged[part].toFixed(1)} ms of ${part}`),
    ...(makes === 'faults' && faults < LEAST_FAULTS ? [`it had ${faults} major faults`] : []),
    ...(isSeen ? [] : ['the judge has not seen all of it']),
  ];
  const away = PARTS.filter(
    (part) => Math.abs(reported.parts[part] - judged[part]) > TOLERANCE * durationMs,
  );
  const wrong = [
    ...away.map(
      (part) => `${part} ${reported.parts[part].toFixed(1)}, judged ${judged[part].toFixed(1)}`,
    ),
    ...(isInside(made, reported) ? [] : ['the report does not have all of it']),
  ];
  return {
    ...head,
    reported: reported.parts,
    judged,
    isSeen,
    notMade: notMade.join(', '),
    wrong: wrong.join(', '),
    // Of two parts that the judge finds about equal either may be the cause.
    hasRightCause:
      judged[largest(reported.parts)] >= judged[largest(judged)] - TOLERANCE * durationMs,
    unknownShare: reported.parts.unknown / durationMs,
  };
}

function overlapNs(a: Span, b: Span): number {
  return Math.min(a.endNs, b.endNs) - Math.max(a.startNs, b.startNs);
}

function isInside(inner: Span, outer: Span): boolean {
  return outer.startNs <= inner.startNs + CLOCKS_NS && outer.endNs >= inner.endNs - CLOCKS_NS;
}
