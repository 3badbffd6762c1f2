// Converts a timeline to Chrome's trace event format, as JSON for Perfetto. Cuts slices at the borders of GC pauses, because the
// slices of one track must nest.

import { PHASES, pauseName, trackName } from './names.js';
import type { HintChange, Span, Timeline, Track } from './timeline.js';

/** An event of Chrome's trace event format, which Perfetto opens. Times are microseconds. */
interface TraceEvent {
  readonly name: string;
  /** X: a slice, i: an instant, C: a counter, M: a name. */
  readonly ph: 'X' | 'i' | 'C' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: 't';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Whole nanoseconds: three decimals at most, of which every importer makes the same number again. */
const us = (ns: number) => Math.round(ns) / 1000;

/**
 * Of the rounded ends, and not the difference of two fractions: it would be a nanosecond too long or too
 * short, and Perfetto drops a slice that ends after the one in which it begins.
 */
function times({ start, end }: Span): { readonly ts: number; readonly dur: number } {
  return { ts: us(start), dur: (Math.round(end) - Math.round(start)) / 1000 };
}

/** One track for each thread: on a CPU or runnable, inside of collections and outside. */
export function perfettoJson(timeline: Timeline): string {
  const { pid, name } = timeline;
  const events: TraceEvent[] = [
    { name: 'process_name', ph: 'M', pid, tid: pid, args: { name: `${name} ${pid}` } },
    ...timeline.tracks.flatMap((track, i) => eventsOf(track, pid, i)),
  ];
  // A line each: a large trace can be searched and cut with ordinary tools.
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  // No displayTimeUnit: Perfetto ignores it with a word of regret, or, until 2022, took it for the unit.
  return `{"otherData":{"made by":"schedhint trace"},"traceEvents":[\n${lines}\n]}\n`;
}

function eventsOf(track: Track, pid: number, index: number): TraceEvent[] {
  const { tid } = track;
  const on = { pid, tid };
  return [
    { ...on, name: 'thread_name', ph: 'M', args: { name: trackName(track) } },
    { ...on, name: 'thread_sort_index', ph: 'M', args: { sort_index: index } },
    ...track.pauses.map(
      (pause): TraceEvent => ({
        ...on,
        name: pauseName(pause.kinds),
        cat: 'gc',
        ph: 'X',
        ...times(pause),
        args: { kinds: pause.kinds },
      }),
    ),
    ...slices(track).map(
      (slice): TraceEvent => ({
        ...on,
        name: slice.name,
        cat: 'sched',
        ph: 'X',
        ...times(slice),
        args: argsOf(slice),
      }),
    ),
    ...track.preemptions.map(
      ({ at, inGc }): TraceEvent => ({
        ...on,
        name: inGc ? 'preempted in GC' : 'preempted',
        cat: 'sched',
        ph: 'i',
        s: 't',
        ts: us(at),
      }),
    ),
    ...track.shortPauses.map(
      ({ at, count }): TraceEvent => ({
        ...on,
        name: 'collections between two looks',
        cat: 'gc',
        ph: 'i',
        s: 't',
        ts: us(at),
        args: { count },
      }),
    ),
    ...track.hints.flatMap((change) => hintEvents(change, on)),
  ];
}

interface Slice extends Span {
  readonly name: string;
  readonly cpu?: number;
  readonly inGc?: boolean;
}

function argsOf({ cpu, inGc }: Slice): Readonly<Record<string, unknown>> {
  if (cpu === undefined) return {};
  return inGc ? { cpu, 'in its process’s GC': true } : { cpu };
}

/** Slices of one track must lie in each other, so what crosses the border of a pause is cut there. */
function slices({ kind, onCpu, waits, pauses }: Track): Slice[] {
  const all: Slice[] = [
    ...onCpu.map(({ start, end, cpu, inGc }) => ({
      start,
      end,
      cpu,
      inGc: kind === 'helper' && inGc,
      name: kind === 'helper' && inGc ? 'on CPU, helps GC' : 'on CPU',
    })),
    ...waits.map(({ start, end }) => ({ start, end, name: 'runnable' })),
  ].sort((a, b) => a.start - b.start);
  const borders = pauses.flatMap(({ start, end }) => [start, end]);
  let next = 0;
  return all.flatMap((slice) => {
    while (next < borders.length && borders[next]! <= slice.start) next++;
    const cuts = [slice.start];
    for (let i = next; i < borders.length && borders[i]! < slice.end; i++) cuts.push(borders[i]!);
    cuts.push(slice.end);
    return cuts
      .slice(1)
      .map((end, i) => ({ ...slice, start: cuts[i]!, end }))
      .filter((part) => times(part).dur > 0);
  });
}

function hintEvents(
  { at, hints }: HintChange,
  on: { readonly pid: number; readonly tid: number },
): TraceEvent[] {
  const { phase, urgency, batch, sliceUs, deadlineNs, user } = hints;
  const args = {
    urgency,
    batch,
    sliceUs,
    deadlineNs: String(deadlineNs),
    user: String(user),
    phase: PHASES[phase] ?? phase,
  };
  return [
    { ...on, name: 'hints', cat: 'hints', ph: 'i', s: 't', ts: us(at), args },
    { ...on, name: `urgency ${on.tid}`, cat: 'hints', ph: 'C', ts: us(at), args: { urgency } },
  ];
}
