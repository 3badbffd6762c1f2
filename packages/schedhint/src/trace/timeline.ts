import type { ObservedHints, ThreadEvent } from '@schedhint/observer';
import { ThreadTrack } from './track.js';

/** Nanoseconds since the trace began. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A stretch on a CPU. */
export interface CpuSpan extends Span {
  readonly cpu: number;
  /** Of a helper: its process was in a collection. */
  readonly inGc: boolean;
}

/** A pause, as looks at the thread found it; see {@link ThreadTrack} for how exact its ends are. */
export interface Pause extends Span {
  /** Bits of V8's `GCType`: all kinds that were seen in it. */
  readonly kinds: number;
}

/** Collections that began and ended between two looks: known from the thread's own count only. */
export interface ShortPauses {
  readonly at: number;
  readonly count: number;
}

/** Hints that are not those of the look before; all of them. */
export interface HintChange {
  readonly at: number;
  readonly hints: ObservedHints;
}

/** Involuntary switches. */
export interface Preemption {
  readonly at: number;
  readonly inGc: boolean;
}

/** One thread. */
export interface Track {
  readonly tid: number;
  readonly name: string;
  readonly kind: 'js' | 'helper';
  readonly role: number;
  readonly onCpu: readonly CpuSpan[];
  /** Runnable without a CPU. */
  readonly waits: readonly Span[];
  readonly pauses: readonly Pause[];
  readonly shortPauses: readonly ShortPauses[];
  readonly preemptions: readonly Preemption[];
  readonly hints: readonly HintChange[];
}

/** A process, over some time. */
export interface Timeline {
  readonly pid: number;
  readonly name: string;
  readonly durationNs: number;
  /** JavaScript threads first, the main thread before the others. */
  readonly tracks: readonly Track[];
}

/** Makes tracks of events, as they come. */
export class Recorder {
  readonly #startNs: bigint;
  readonly #periodNs: number;
  readonly #tracks = new Map<number, ThreadTrack>();
  readonly #ended: ThreadTrack[] = [];

  /** @param periodNs between two looks at a thread that runs */
  constructor(startNs: bigint, periodNs: number) {
    this.#startNs = startNs;
    this.#periodNs = periodNs;
  }

  add(event: ThreadEvent): void {
    let track = this.#tracks.get(event.tid);
    if (track === undefined) {
      track = new ThreadTrack(event.tid, this.#periodNs);
      this.#tracks.set(event.tid, track);
    }
    track.add(event, Number(event.ns - this.#startNs));
    if (event.what !== 'end') return;
    // Its id may be another thread's from now on.
    this.#tracks.delete(event.tid);
    this.#ended.push(track);
  }

  /** What is still open ends now. */
  finish(pid: number, name: string, endNs: bigint): Timeline {
    const durationNs = Number(endNs - this.#startNs);
    const all = [...this.#ended, ...this.#tracks.values()];
    for (const track of all) track.close(durationNs);
    const order = (track: Track) => (track.kind === 'helper' ? 3 : track.role === 1 ? 1 : 2);
    const tracks = all.sort((a, b) => order(a) - order(b) || a.tid - b.tid);
    return { pid, name, durationNs, tracks };
  }
}
